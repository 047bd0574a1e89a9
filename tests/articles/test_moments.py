import datetime

import pytest
from django.template import Context, Template
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import strategies as st

from articles import moments

MOMENTS = st.integers(631_238_400, 3_786_912_000).map(
    lambda seconds: datetime.datetime.fromtimestamp(seconds, datetime.UTC)
)
PLACES = st.sampled_from(["UTC", "Asia/Kolkata", "America/St_Johns", "Europe/Berlin"])
LANGUAGES = st.sampled_from(["en", "de", "hi", "fr"])


def filtered(moment, form):
    return Template("{{ moment|date:form }}").render(Context({"moment": moment, "form": form}))


class TestMoments:
    @given(MOMENTS, PLACES, LANGUAGES)
    def test_read_as_the_date_filter_prints_them(self, moment, place, language):
        with timezone.override(place), translation.override(language):
            assert moments.iso(moment) == filtered(moment.replace(microsecond=0), "c")
            assert moments.day_and_time(moment) == filtered(moment, "j M, H:i")
            assert moments.full(moment) == filtered(moment, "j F Y, H:i T")

    @given(MOMENTS, MOMENTS, PLACES, LANGUAGES)
    def test_of_another_day_say_the_day(self, moment, today, place, language):
        with timezone.override(place), translation.override(language):
            is_today = filtered(moment, "Ymd") == filtered(today, "Ymd")
            wanted = filtered(moment, "H:i" if is_today else "j M")
            assert moments.time_or_day(moment, today) == wanted

    @pytest.mark.parametrize(("hour", "said"), [(11, "07:30"), (1, "7 Jan")])
    def test_belong_to_the_days_of_the_papers_zone(self, hour, said):
        moment = datetime.datetime(2026, 1, 8, hour, tzinfo=datetime.UTC)
        today = datetime.datetime(2026, 1, 8, 20, tzinfo=datetime.UTC)
        with timezone.override("America/St_Johns"):
            assert moments.time_or_day(moment, today) == said

    def test_have_the_comma_of_their_language(self):
        moment = datetime.datetime(2026, 1, 8, 12, 30, tzinfo=datetime.UTC)
        with translation.override("ar"):
            assert moments.day_and_time(moment) == "8 يناير، 12:30"
            assert moments.full(moment) == "8 يناير 2026، 12:30 UTC"
        with translation.override("hi"):
            assert moments.full(moment) == "8 जनवरी 2026, 12:30 UTC"
