import re

import pytest
from html5lib import HTMLParser
from hypothesis import given
from hypothesis import strategies as st

from articles.typography import curl, curl_html

MARKS = st.text(alphabet="\"'“”‘’-–—. \n.,!?()/aéN0129s#:@\u0301")
PLAIN = st.text() | MARKS
PIECES = st.sampled_from(
    [*"\"'-. \n", "a", "9", "...", "--", "&quot;", "&#39;", "&amp;", "&lt;", "<", ">", "&"]
    + ["<p>", "</p>", "<em>", "</em>", "<br>", '<a href="x\'y">', "</a>", "<code>", "</code>"]
    + ["<pre>", "</pre>", "<!-- ' -->", "<!", "https://a.example/it's"]
)
HTML = st.lists(PIECES).map("".join)


class TestQuotationMarks:
    @pytest.mark.parametrize(
        ("typed", "printed"),
        [
            ('"We won," she said.', "“We won,” she said."),
            ('She said: "We won."', "She said: “We won.”"),
            ("The 'old' ferry", "The ‘old’ ferry"),
            (
                "\"Sales 'stand at US$3 million',\" it said.",
                "“Sales ‘stand at US$3 million’,” it said.",
            ),
            ("\"He called it 'a start'\"", "“He called it ‘a start’”"),
            ("'\"Start,\" he said'", "‘“Start,” he said’"),
            ('("yes") or ["no"]', "(“yes”) or [“no”]"),
            ('yes/"no"', "yes/“no”"),
            ('a pre-"war" house', "a pre-“war” house"),
            ('"Rates rose in 1979"', "“Rates rose in 1979”"),
            ("'Rates rose in 1979'", "‘Rates rose in 1979’"),
            ('"…and then"', "“…and then”"),
            ('"I was--" he began', "“I was—” he began"),
            ('One "two "three"" four', "One “two “three”” four"),
            ('"First.\n\n"Second."', "“First.\n\n“Second.”"),
            ("“Done 'already',\" she said", "“Done ‘already’,” she said"),
        ],
    )
    def test_open_and_close(self, typed, printed):
        assert curl(typed) == printed

    @pytest.mark.parametrize(
        ("typed", "printed"),
        [
            ("it's, o'clock, rock'n'roll", "it’s, o’clock, rock’n’roll"),
            ("l'été, Ça n'a, O'Neill, Ω'ς", "l’été, Ça n’a, O’Neill, Ω’ς"),
            ("e\u0301'a", "e\u0301’a"),
            ("the dogs' bowls", "the dogs’ bowls"),
            ("goin' home", "goin’ home"),
            ("in the '90s and '20s", "in the ’90s and ’20s"),
            ("the class of '45", "the class of ’45"),
            ("the 1980's and the 747's", "the 1980’s and the 747’s"),
            ("'Tis the season, tell 'em", "’Tis the season, tell ’em"),
            ("rock 'n' roll", "rock ’n’ roll"),
            ('"\'Twas late"', "“’Twas late”"),
        ],
    )
    def test_an_apostrophe_is_no_opening_mark(self, typed, printed):
        assert curl(typed) == printed

    def test_a_quotation_may_begin_with_a_number(self):
        assert curl("'20 people came' he said") == "‘20 people came’ he said"
        assert curl("of '45, '20 came' he said") == "of ’45, ‘20 came’ he said"

    @pytest.mark.parametrize(
        "text", ["He is 6'2\" tall", 'a 12" record', "6' deep", "40°26'46\"N", 'alone " here', ""]
    )
    def test_leaves_measures_and_lone_marks(self, text):
        assert curl(text) == text


class TestDashesAndDots:
    @pytest.mark.parametrize(
        ("typed", "printed"),
        [
            ("the war - a short one - ended", "the war – a short one – ended"),
            ("the war -- a short one", "the war – a short one"),
            ("the war--a short one", "the war—a short one"),
            ("the war---a short one", "the war—a short one"),
            ("so...", "so…"),
            ('"Well..."', "“Well…”"),
        ],
    )
    def test_become_typographic(self, typed, printed):
        assert curl(typed) == printed

    @pytest.mark.parametrize(
        "text",
        [
            "August 2-3",
            "well-known",
            "- a bullet",
            "one\n- two",
            "run with --all",
            "wait....",
            "a-",
            "../../x",
        ],
    )
    def test_leaves_hyphens_bullets_and_paths(self, text):
        assert curl(text) == text


class TestWhatIsLeftAlone:
    @pytest.mark.parametrize(
        "address",
        [
            "https://paper.example/it's--here?q=a...b",
            "www.paper.example/o'neill",
            "o'neill--desk@paper.example",
        ],
    )
    def test_addresses(self, address):
        assert curl(address) == address
        assert curl(f'He\'s at "{address}".') == f"He’s at “{address}”."

    @pytest.mark.parametrize("language", ["de", "fr-ca", "ne", "eng", ""])
    def test_other_languages(self, language):
        assert curl('"it\'s"', language=language) == '"it\'s"'
        assert curl_html('<p>"it\'s"</p>', language=language) == '<p>"it\'s"</p>'

    @pytest.mark.parametrize("language", ["en", "en-gb", "en_US", "EN"])
    def test_every_english_is_english(self, language):
        assert curl('"a"', language=language) == "“a”"

    def test_tags_and_attributes(self):
        html = '<a href="/it\'s--a" title=\'"x"\'>x</a>'
        assert curl_html(html) == html

    def test_code(self):
        html = '<pre>"a" <b>\'b\'</b>--c</pre><p><code>x = "it\'s..."</code></p>'
        assert curl_html(html) == html

    def test_text_after_code_goes_on(self):
        assert curl_html("<p>\"<code>'a'</code>\"'s</p>") == "<p>“<code>'a'</code>”’s</p>"
        assert curl_html("<p><code>'a'</code>'s</p>") == "<p><code>'a'</code>’s</p>"


class TestHtml:
    @pytest.mark.parametrize(
        ("typed", "printed"),
        [
            ('<p>"<em>Who</em>?" he said.</p>', "<p>“<em>Who</em>?” he said.</p>"),
            ("<p><b>Ana</b>'s '<i>big</i>' day</p>", "<p><b>Ana</b>’s ‘<i>big</i>’ day</p>"),
            ('<p>"One<br>"two"</p>', "<p>“One<br>“two”</p>"),
            ("<p>&quot;a&quot; &#39;b&#x27;</p>", "<p>“a” ‘b’</p>"),
            ("<p>a &amp; b &lt; c</p>", "<p>a &amp; b &lt; c</p>"),
            ("<li>a -<em> b</em></li>", "<li>a –<em> b</em></li>"),
        ],
    )
    def test_marks_run_across_inline_tags(self, typed, printed):
        assert curl_html(typed) == printed

    def test_a_quotation_ends_with_its_block(self):
        assert curl_html('<p>"Open</p><p>12" long</p>') == '<p>“Open</p><p>12" long</p>'

    @given(HTML)
    def test_changes_no_element_and_no_attribute(self, html):
        def elements(source):
            tree = HTMLParser().parseFragment(source)
            return [(e.tag, e.attrib) for e in tree.iter() if isinstance(e.tag, str)]

        assert elements(curl_html(html)) == elements(html)

    @pytest.mark.parametrize(
        "html", ["1 < 2 'a'", "'a' <!-- 'b' -->", "<a b\"c>'d'</a>", "<x <p>'d'"]
    )
    def test_is_returned_as_it_is_when_malformed(self, html):
        assert curl_html(html) == html

    @given(HTML | st.text())
    def test_twice_changes_nothing(self, html):
        once = curl_html(html)
        assert curl_html(once) == once


class TestAnyText:
    @given(PLAIN)
    def test_twice_changes_nothing(self, text):
        once = curl(text)
        assert curl(once) == once

    @given(PLAIN)
    def test_changes_marks_only(self, text):
        def words(value):
            return re.sub("[\"'“”‘’–—…. -]", "", value)

        assert words(curl(text)) == words(text)

    @given(st.text(alphabet="\"'") | st.text(alphabet="\"' a"))
    def test_copes_with_marks_only(self, text):
        assert len(curl(text)) == len(text)


class TestOtherLanguages:
    @pytest.mark.parametrize(
        ("language", "typed", "printed"),
        [
            ("hi", "उसने कहा, \"हम 'कल' आएँगे\"।", "उसने कहा, “हम ‘कल’ आएँगे”।"),
            ("hi", "राम - श्याम...", "राम – श्याम…"),
            ("ar", 'قال "لن نعود" ثم مضى', "قال «لن نعود» ثم مضى"),
            ("ar", "\"هذا 'كل' ما نريد\"،", "«هذا ‹كل› ما نريد»،"),
            ("ar", "ماكدونالد's - هنا...", "ماكدونالد’s – هنا…"),
            ("ar-eg", '"نعم"؟', "«نعم»؟"),
            ("fr", '"Bonjour"', '"Bonjour"'),
        ],
    )
    def test_have_their_own_marks(self, language, typed, printed):
        assert curl(typed, language) == printed

    @given(
        st.text(st.sampled_from("\"'«»‹›“”‘’ .-،؟।\nقलa1"), max_size=30),
        st.sampled_from("hi ar".split()),
    )
    def test_stay_as_they_are_the_second_time(self, text, language):
        once = curl(text, language)
        assert curl(once, language) == once

    def test_have_them_across_tags(self):
        html = '<p>قال "<em>لا</em>"</p>'
        assert curl_html(html, "ar") == "<p>قال «<em>لا</em>»</p>"
