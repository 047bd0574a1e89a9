import re
from html import escape

import html5lib
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from articles.body import clean, finish, plain_text
from articles.typography import curl_html

TAGS = re.findall(
    r"\w+",
    "p div h1 h2 h3 h6 ul ol li blockquote a b i strong em s sub sup br hr figure aside figcaption"
    " table tr td script style svg math img iframe template textarea title select option noscript"
    " form button input pre code span section dl dd xmp plaintext object font nobr",
)
ATTRIBUTES = (
    "onclick=alert(1)",
    "href=javascript:alert(1)",
    "href='java\nscript:alert(1)'",
    "href='java&#1;script:alert(1)'",
    "href='&#14; javascript:alert(1)'",
    "href='vbscript:x'",
    "href='data:text/html,x'",
    "href=/a/b?c=d&e",
    "href='https://paper.example/\"x'",
    "href=''",
    "class=pullquote",
    "class=dateline",
    "style='position:fixed'",
    "id=main",
    "src=x onerror=alert(1)",
    "data-image=7",
    "data-image=x",
    "data-embed='https://video.example/?a=\"b'",
    "start=4",
    "start=-1",
)
TOKENS = (
    st.sampled_from(
        ["text", " ", "\n", "&nbsp;", "&lt;b&gt;", "&#0;", "&#x85;", "&", "<", ">", "é"]
    )
    | st.sampled_from(
        ["<!-- -->", "<!--", "-->", "<![CDATA[", "]]>", "</", "\x00", "\x0b", "\ufffe"]
    )
    | st.builds("<{} {}>".format, st.sampled_from(TAGS), st.sampled_from(ATTRIBUTES))
    | st.builds("<{}>".format, st.sampled_from(TAGS))
    | st.builds("</{}>".format, st.sampled_from(TAGS))
    | st.text(max_size=5)
)
SOUP = st.lists(TOKENS, max_size=40).map("".join) | st.text(
    st.characters(exclude_categories=[])  # lone surrogates too
)

KEPT = {"p", "h2", "h3", "ul", "ol", "li", "blockquote", "hr", "figure", "div", "aside"}
KEPT |= {"br", "strong", "em", "s", "sub", "sup", "a"}
PUBLISHED = KEPT - {"div", "aside"} | {"span", "figcaption"}
ALLOWED_ATTRIBUTES = {
    "a": {"href", "rel"},
    "ol": {"start"},
    "figure": {"data-image", "class"},
    "div": {"data-embed"},
    "aside": {"class"},
    "span": {"class"},
}


def elements(html: str) -> list:
    """The elements as a strict HTML parser reads them; any error in the markup fails."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    document = parser.parse(f"<!doctype html><title>t</title><body>{html}</body>")
    body = document.find("body")
    assert body is not None
    return [element for element in body.iter() if element is not body]


def paragraphs(count: int) -> str:
    return "".join(f"<p>{number}</p>" for number in range(1, count + 1))


class TestCleaning:
    def test_keeps_what_the_editor_writes(self):
        html = (
            "<h2>A</h2><p>b <strong>c</strong> <em>d</em><br>e</p><h3>f</h3>"
            "<ul><li><p>g</p><ul><li><p>h</p></li></ul></li></ul>"
            '<ol start="3"><li><p>i</p></li></ol><blockquote><p>j</p></blockquote><hr>'
            "<p><s>k</s><sub>l</sub><sup>m</sup></p>"
        )
        assert clean(html) == html

    @pytest.mark.parametrize(
        "href",
        [
            "https://a.example/?b=c&amp;d#e",
            "http://a.example",
            "mailto:a@b.example",
            "/a",
            "#a",
            "a",
        ],
    )
    def test_keeps_links(self, href):
        html = f'<p><a href="{href}" rel="noopener">x</a></p>'
        assert clean(html) == html
        assert clean(f'<p><a href="{href}" target="_blank" onclick="x()">x</a></p>') == html

    @pytest.mark.parametrize(
        "href",
        [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            " javascript:alert(1)",
            "java\nscript:alert(1)",
            "java&#1;script:alert(1)",
            "&#1;javascript:alert(1)",
            "java&Tab;script&colon;alert(1)",
            "data:text/html,x",
            "vbscript:x",
            "ftp://a.example",
            "",
            " ",
        ],
    )
    def test_unwraps_links_that_lead_nowhere_good(self, href):
        assert clean(f'<p>a <a href="{href}">b</a></p>') == "<p>a b</p>"

    @pytest.mark.parametrize(
        ("html", "expected"),
        [
            ("<h1>a</h1><h4>b</h4><h6>c</h6>", "<h2>a</h2><h3>b</h3><h3>c</h3>"),
            ("<p><b>a</b><i>b</i></p>", "<p><strong>a</strong><em>b</em></p>"),
            ("<p>a</p><p></p><p> &nbsp; </p><p><br></p><p><em> </em></p>", "<p>a</p>"),
            ("<h2></h2><ul><li></li></ul><blockquote><p></p></blockquote>", ""),
            ("<p> a<br><br></p>", "<p>a</p>"),
            ("a <b>b</b>", "<p>a <strong>b</strong></p>"),
            ("<b>a<p>b</p></b>c", "<p><strong>a</strong></p><p><strong>b</strong></p><p>c</p>"),
            ("<div>a</div><div>b</div>", "<p>a</p><p>b</p>"),
            ("<table><tr><td>a</td><td>b</td></tr></table>", "<p>a</p><p>b</p>"),
            ("<ul>a<li>b</li></ul>", "<ul><li><p>a</p></li><li><p>b</p></li></ul>"),
            (
                "<ul><li>a</li><ul><li>b</li></ul></ul>",
                "<ul><li><p>a</p><ul><li><p>b</p></li></ul></li></ul>",
            ),
            ("<li>a</li>", "<p>a</p>"),
            ("<span style='x' class='dateline'>a</span>", "<p>a</p>"),
            ("<p>a<script>b</script><style>c</style><!-- d --></p>", "<p>a</p>"),
            ("<p>a <img src=x onerror=y> b</p>", "<p>a b</p>"),
            ("<p>a\x00\x0b\ud800b</p>", "<p>a\ufffdb</p>"),
            ("1 < 2 & 3 > 2", "<p>1 &lt; 2 &amp; 3 &gt; 2</p>"),
            ("", ""),
        ],
    )
    def test_makes_canonical_html(self, html, expected):
        assert clean(html) == expected

    def test_keeps_the_nodes_that_stand_for_something(self):
        html = (
            '<figure data-image="7"></figure><aside class="pullquote"><p>a</p></aside>'
            '<div data-embed="https://video.example/?a&amp;b"></div>'
        )
        assert clean(html) == html
        assert clean('<figure data-image="7"><img src=x>b<p>c</p></figure><p>d</p>') == (
            '<figure data-image="7"></figure><p>d</p>'
        )
        assert clean('<figure data-image="x">a</figure><aside>b</aside>') == "<p>a</p><p>b</p>"

    def test_flattens_what_nobody_writes(self):
        assert clean("<blockquote>" * 500 + "a").count("<blockquote>") < 20


class TestCleaningAnything:
    @given(SOUP)
    @example("<svg></p><style><a title='</style><img src onerror=alert(1)>'>")
    @example("<math><mtext><table><mglyph><style><!--</style><img title='--&gt;<img src=1>'>")
    def test_gives_valid_html_of_known_elements(self, html):
        for element in elements(clean(html)):
            assert element.tag in KEPT
            assert set(element.attrib) <= ALLOWED_ATTRIBUTES.get(element.tag, set())
            if element.tag == "a":
                scheme = element.attrib["href"].partition(":")[0].lower()
                assert "script" not in scheme
                assert not scheme.startswith("data")

    @given(SOUP)
    def test_twice_changes_nothing(self, html):
        once = clean(html)
        assert clean(once) == once

    @given(SOUP)
    def test_stays_clean_under_typography(self, html):
        once = curl_html(clean(html))
        assert clean(once) == once

    @given(SOUP)
    def test_loses_no_words_of_plain_paragraphs(self, text):
        storable = "".join(char for char in text if char.isalnum())
        assert plain_text(f"<p>{escape(storable)}</p>") == storable


class TestFinishing:
    def test_gives_items_of_one_paragraph_without_it(self):
        html = "<ul><li><p>a</p><ol><li><p>b</p></li></ol></li><li><p>c</p><p>d</p></li></ul>"
        assert finish(html) == ("<ul><li>a<ol><li>b</li></ol></li><li><p>c</p><p>d</p></li></ul>")

    def test_sanitises_again(self):
        assert finish('<h1>a</h1><p onclick="x">b<script>c</script></p>') == "<h2>a</h2><p>b</p>"

    def test_leaves_out_nodes_that_it_cannot_expand(self):
        html = (
            '<p>a</p><figure data-image="7"></figure><aside class="pullquote"><p>b</p></aside>'
            '<blockquote><div data-embed="https://c.example"></div></blockquote><p>d</p>'
        )
        assert finish(html) == "<p>a</p><p>d</p>"


class TestDateline:
    def test_starts_the_first_paragraph(self):
        assert finish("<p><em>a</em> b</p><p>c</p>", dateline="Geneva, Mar 3") == (
            '<p><span class="dateline">Geneva, Mar 3</span> — <em>a</em> b</p><p>c</p>'
        )

    @pytest.mark.parametrize("html", ["<h2>a</h2><p>b</p>", "<ul><li>a</li></ul>", ""])
    def test_has_a_paragraph_of_its_own_before_anything_else(self, html):
        assert finish(html, dateline="Geneva").startswith(
            '<p><span class="dateline">Geneva</span> —</p>'
        )

    def test_is_escaped(self):
        assert '<span class="dateline">&lt;b&gt; &amp; "c"</span>' in finish(
            "<p>a</p>", dateline='<b> & "c"'
        )

    def test_is_left_out_when_empty(self):
        assert finish("<p>a</p>", dateline=" ") == "<p>a</p>"


class TestPullQuote:
    FIGURE = (
        '<figure class="pull"><blockquote><p>“Q”</p></blockquote>'
        "<figcaption>Source</figcaption></figure>"
    )

    @pytest.mark.parametrize("count", [5, 6, 20])
    def test_follows_the_third_paragraph(self, count):
        html = finish(paragraphs(count), pull_quote="“Q”", attribution="Source")
        assert html == paragraphs(count).replace("<p>4</p>", self.FIGURE + "<p>4</p>")

    @pytest.mark.parametrize("count", [1, 2, 3, 4])
    def test_goes_before_the_first_of_fewer_than_five(self, count):
        html = finish(paragraphs(count), pull_quote="“Q”", attribution="Source")
        assert html == self.FIGURE + paragraphs(count)

    def test_counts_top_level_paragraphs_only(self):
        html = "<h2>a</h2><p>1</p><blockquote><p>x</p><p>y</p></blockquote><p>2</p>"
        assert finish(html, pull_quote="“Q”", attribution="Source") == html.replace(
            "<p>1</p>", self.FIGURE + "<p>1</p>"
        )
        long = "<p>1</p><ul><li>x</li></ul><p>2</p><h2>y</h2><p>3</p><p>4</p><p>5</p>"
        assert f"<p>3</p>{self.FIGURE}<p>4</p>" in finish(
            long, pull_quote="“Q”", attribution="Source"
        )

    def test_leaves_the_dateline_to_the_first_paragraph(self):
        html = finish(paragraphs(2), dateline="Geneva", pull_quote="“Q”", attribution="Source")
        assert html == (self.FIGURE + '<p><span class="dateline">Geneva</span> — 1</p><p>2</p>')

    def test_has_no_caption_without_a_source(self):
        html = finish("<p>a</p>", pull_quote="Q", attribution=" ")
        assert html == '<figure class="pull"><blockquote><p>Q</p></blockquote></figure><p>a</p>'

    def test_is_left_out_when_empty(self):
        assert finish("<p>a</p>", pull_quote=" \n", attribution="Source") == "<p>a</p>"

    def test_has_a_paragraph_for_each_line(self):
        assert "<blockquote><p>a</p><p>b</p></blockquote>" in finish("", pull_quote="a\n\n b ")

    def test_is_escaped(self):
        html = finish("", pull_quote="<i>a</i> &", attribution="<b>")
        assert "<p>&lt;i&gt;a&lt;/i&gt; &amp;</p>" in html
        assert "<figcaption>&lt;b&gt;</figcaption>" in html

    @given(SOUP, SOUP, SOUP, SOUP)
    def test_and_all_else_is_valid_html_whatever_is_typed(self, html, dateline, quote, source):
        finished = finish(html, dateline=dateline, pull_quote=quote, attribution=source)
        for element in elements(finished):
            assert element.tag in PUBLISHED
            assert set(element.attrib) <= ALLOWED_ATTRIBUTES.get(element.tag, set())
            assert not any(name.startswith("data-") for name in element.attrib)


class TestPlainText:
    def test_has_a_line_for_each_block_and_break(self):
        html = "<h2>a</h2><p>b <em>c</em>d<br>e</p><ul><li>f</li><li><p>g</p></li></ul><hr>h"
        assert plain_text(html) == "a\nb cd\ne\nf\ng\nh"

    def test_decodes_character_references(self):
        assert plain_text("<p>a &amp; b &lt;c&gt; &#233;</p>") == "a & b <c> é"

    def test_reads_finished_html(self):
        html = finish(paragraphs(2), dateline="Geneva", pull_quote="“Q”", attribution="S")
        assert plain_text(html) == "“Q”\nS\nGeneva — 1\n2"

    @pytest.mark.parametrize("html", ["", "<p></p>", "<p>&nbsp;</p>", "<script>a</script>", "<hr>"])
    def test_is_empty_without_words(self, html):
        assert plain_text(html) == ""

    @given(SOUP)
    def test_is_the_same_for_cleaned_html(self, html):
        assert plain_text(clean(html)) == plain_text(html)
