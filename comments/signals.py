"""What the comments announce, once a change is committed.

comments_changed: `sender=Comment, article` - the comments that readers see under it changed.
"""

from django.dispatch import Signal

comments_changed = Signal()
