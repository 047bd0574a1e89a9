"""What the site announces, once a change is committed.

publication_changed: `sender=Publication` - the chief editor set what the paper says of itself.
"""

from django.dispatch import Signal

publication_changed = Signal()
