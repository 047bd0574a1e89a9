"""The marks around what pages share (`{% shared %}`, `{% elsewhere %}`), as caches read them."""

import re

#: In a request, whoever asks takes shared parts apart himself, and so wants them whole.
WHOLE_PARTS = "newsroom.whole_parts"

_ELSEWHERE = re.compile(rb"<!--elsewhere:([a-z:0-9]+)-->(.*?)<!--/elsewhere-->", re.DOTALL)


def without_own(content: bytes, key: str) -> bytes:
    """A page without what stands in its shared parts for other pages only, and without the marks.

    `key` is that of what the page is about; see the tag `elsewhere`.
    """
    if b"<!--elsewhere:" not in content:
        return content
    own = key.encode()
    return _ELSEWHERE.sub(lambda match: b"" if match[1] == own else match[2], content)
