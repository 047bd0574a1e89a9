import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from articles.slugs import slug_of


class TestSlugs:
    @pytest.mark.parametrize(
        ("headline", "slug"),
        [
            ("Islands keep their ferry", "islands-keep-their-ferry"),
            ("Zürich–Köln: un été", "zurich-koln-un-ete"),
            ("भारत में चुनाव आयोग की तैयारी", "bharat-men-chunav-ayog-ki-taiyari"),
            ("दिल्ली का मेट्रो संग्रहालय", "dilli-ka-metro-sangrahalay"),
            ("क़िला और ज़मीन", "kila-aur-jamin"),
            ("१५ अगस्त", "15-agast"),
            ("பாரதி நகர்", "parati-nakar"),
            ("مكتبة تعبر الصحراء", "mktba-tabr-alshra"),
            ("کراچی میں بارش", "krachy-myn-barsh"),
            ("NASA का नया यान", "nasa-ka-naya-yan"),
            ("川の向こう", ""),
            ("", ""),
            ("–", ""),
        ],
    )
    def test_are_made_from_headlines(self, headline, slug):
        assert slug_of(headline) == slug

    def test_end_with_a_whole_word(self):
        assert slug_of("word " * 40) == "-".join(["word"] * 24)
        assert slug_of("one two", longest=6) == "one"
        assert slug_of("a" * 200) == "a" * 120

    @given(st.text(max_size=300))
    def test_are_slugs_whatever_they_come_from(self, text):
        slug = slug_of(text)
        assert len(slug) <= 120
        assert re.fullmatch(r"[a-z0-9_]+(-[a-z0-9_]+)*|", slug)

    @given(st.text(st.sampled_from("कखगजडढ़ािीुूेोंँः़् ृअआइ१"), max_size=40))
    def test_are_slugs_of_any_devanagari(self, text):
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*|", slug_of(text))
