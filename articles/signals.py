"""What the paper announces, once a change is committed.

edition_changed: `sender=Edition, article, editions` - editions were opened, closed or rescheduled.
section_changed: `sender=Section, section` - a section was added, changed or removed.
"""

from django.dispatch import Signal

edition_changed = Signal()
section_changed = Signal()
