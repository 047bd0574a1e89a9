"""What the comments announce, once a change is committed.

comments_changed: `sender=Comment, article` - the comments that readers see under it changed.
picks_changed: `sender=Comment` - a comment became an editor's pick, or is one no longer.
"""

from django.dispatch import Signal

comments_changed = Signal()
picks_changed = Signal()
