import json

import pytest

from tests.valid_html import assert_valid, problems

PAGE = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A page</title></head>'
    "<body>{}</body></html>"
)


def page(content: str, *, heading: str = "<h1>A heading</h1>") -> str:
    return PAGE.format(heading + content)


class TestGoodPages:
    @pytest.mark.parametrize(
        "content",
        [
            "",
            "<main><h2>Two</h2><h3>Three</h3><h2>Two</h2></main>",
            '<label for="a">A</label><input id="a" aria-describedby="b"><p id="b">Help</p>',
            '<a href="#end">To the end</a> <a href="#">Top</a><p id="end">End</p>',
            '<img src="a.webp" alt="" width="3" height="2">',
            '<svg viewBox="0 0 1 1" aria-hidden="true"><path d="M0 0"/></svg>',
            '<script src="a.js"></script><script type="application/ld+json">{"a": 1}</script>',
            "<details><summary>Share</summary><ul><li><a href='/'>Home</a></ul></details>",
            "<label>Name <input></label><progress max='3' value='1'></progress>",
            "<p>Fish &amp; chips, “quoted”, ferries&nbsp;8</p>",
        ],
    )
    def test_pass(self, content):
        assert_valid(page(content))
        assert_valid(page(content).encode())


class TestBadPages:
    @pytest.mark.parametrize(
        ("content", "problem"),
        [
            ("<p>Never <b>closed</p>", "line 1"),
            ("<p><div>A block in a paragraph</div></p>", "line 1"),
            ("<p>Fish &copy chips</p>", "line 1"),
            ("<p class='a' class='b'>Twice</p>", "line 1"),
            ("</div>", "line 1"),
            ("<table><p>Not here</p></table>", "line 1"),
            ('<p id="a"></p><p id="a"></p>', "used 2 times"),
            ('<p id=""></p>', "empty or has white space"),
            ('<p id="a b"></p>', "empty or has white space"),
            ('<label for="a">A</label>', "missing id 'a'"),
            ('<section aria-labelledby="a b"></section>', "missing id 'b'"),
            ('<input aria-describedby="a">', "missing id 'a'"),
            ('<button aria-controls="a">A</button>', "missing id 'a'"),
            ('<a href="#a">A</a>', "missing id 'a'"),
            ('<a href="">A</a>', "empty href"),
            ("<blink>Now</blink>", "no element of HTML"),
            ("<my-part>Now</my-part>", "no element of HTML"),
            ("<ul><p>No item</p></ul>", "as its child"),
            ('<img src="a.webp" width="3" height="2">', "has no alt"),
            ('<img src="a.webp" alt="" height="2">', "has no width"),
            ('<img src="a.webp" alt="" width="3">', "has no height"),
            ('<img src="a.webp" alt="" width="3px" height="2">', "no whole number"),
            ("<h1>Another</h1>", "2 h1"),
            ("<h3>Three</h3>", "comes after an h1"),
            ("<h2>Two</h2><h4>Four</h4>", "comes after an h2"),
            ('<a href="/"><button>A</button></a>', "both take clicks"),
            ('<button><span tabindex="0">A</span></button>', "both take clicks"),
            ("<button><input></button>", "both take clicks"),
            ("<details><summary><a href='/'>A</a></summary></details>", "both take clicks"),
            ('<p style="color: red">Red</p>', "inline style"),
            ("<style>p { color: red }</style>", "inline style sheet"),
            ('<p onclick="go()">Go</p>', "inline handler"),
            ("<script>go()</script>", "inline script"),
            ('<script type="module">go()</script>', "inline script"),
        ],
    )
    def test_fail_with_the_problem(self, content, problem):
        with pytest.raises(AssertionError) as failure:
            assert_valid(page(content))
        assert problem in str(failure.value)

    def test_fail_without_a_doctype_a_title_or_a_heading(self):
        assert problems(page("").replace("<!doctype html>", ""))
        assert problems(page("").replace("A page", " ")) == ["the title is empty"]
        assert "there is no title" in problems(page("").replace("<title>A page</title>", ""))
        assert problems(page("", heading="")) == ["there are 0 h1 instead of one"]

    def test_fail_with_all_problems_at_once(self):
        found = problems(page("<p style='a'>A <b>B</p><h4>Four</h4>"))
        assert len(found) >= 3, json.dumps(found, indent=1)
