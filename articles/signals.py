"""What the paper announces, once a change is committed.

edition_changed: `sender=Edition, article, editions` - editions were opened, closed or rescheduled.
correction_changed: `sender=Correction, article, editions` - a correction of a live story was made
or taken back.
section_changed: `sender=Section, section` - a section was added, changed or removed.
subject_changed: `sender=Topic|Author|Agency, subject` - one was added, renamed or removed.
image_changed: `sender=Image, image` - a picture that stories may show has new renditions.
front_page_changed: `sender=FrontPage` - editors chose other stories or sections for it.
page_changed: `sender=Page, page` - a page that editors write was added, changed or removed.

And before it is:

changing: `sender, signal_to_come` and that signal's arguments - inside the transaction that makes
the change, so that a receiver can prepare for what readers will see from the commit on.
"""

from functools import partial
from typing import Any

from django.db import transaction
from django.dispatch import Signal

edition_changed = Signal()
correction_changed = Signal()
section_changed = Signal()
subject_changed = Signal()
image_changed = Signal()
front_page_changed = Signal()
page_changed = Signal()
changing = Signal()


def announce(signal: Signal, *, sender: Any, **facts: Any) -> None:
    """Send `changing` now, and the signal when the transaction is committed.

    To be called inside the transaction. What a receiver of the signal raises is logged: the
    change is made by then, and must not look as if it were not.
    """
    changing.send(sender=sender, signal_to_come=signal, **facts)
    transaction.on_commit(partial(signal.send_robust, sender=sender, **facts))
