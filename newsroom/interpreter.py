"""How Python itself runs in a server process.

A full collection of garbage looks at every object. In a server process nearly all of them are code,
models, settings and translations, which stay as long as the process, and looking at them takes 50
ms and more, during which nobody is answered.

One thread runs at a time, and is asked to make room for another one only when that has waited for
the switch interval: 5 ms unless told. A kept page is sent in a hundredth of that, and would wait
for it whenever another thread renders one.
"""

import gc
import sys

from django.urls import get_resolver

#: How long a thread may keep others waiting, in seconds.
SWITCH_INTERVAL = 0.001


def prepare_to_serve() -> None:
    """Load what the first request would, have the collector leave all of it alone, share the time.

    To be called once, when the application is loaded.
    """
    # Imports the views, and with them most of the code that isn't loaded yet.
    _ = get_resolver().url_patterns
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(SWITCH_INTERVAL)
