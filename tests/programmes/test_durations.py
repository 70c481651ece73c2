"""Durations are read as written, or refused with the right way to write them."""

import pytest

from programmes.durations import Duration, DurationError, in_words, parse_duration


class TestParseDuration:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("3wd", Duration(1, 3, "wd")),
            ("-3wd", Duration(-1, 3, "wd")),
            ("0wd", Duration(1, 0, "wd")),
            ("-0wd", Duration(1, 0, "wd")),
            ("+2d", Duration(1, 2, "d")),
            ("10d", Duration(1, 10, "d")),
            ("2w", Duration(1, 2, "w")),
            ("P3M", Duration(1, 3, "months")),
            ("-P12M", Duration(-1, 12, "months")),
            ("2h", Duration(1, 120, "min")),
            ("5min", Duration(1, 5, "min")),
            ("30s", Duration(1, 30, "s")),
            (" 30s ", Duration(1, 30, "s")),
        ],
    )
    def test_reads_every_unit(self, text: str, expected: Duration) -> None:
        assert parse_duration(text) == expected

    @pytest.mark.parametrize(
        ("text", "fix"),
        [
            ("3 days", "write 3d"),
            ("3", "write 3wd"),
            ("-3", "write -3wd"),
            ("3WD", "write 3wd"),
            ("1y", "write P12M"),
            ("P2Y", "write P24M"),
            ("P2W", "write 2w"),
            ("PT5M", "write 5min"),
            ("p3m", "write P3M"),
            ("2 months", "write P2M"),
            ("5m", "write 5min for minutes or P5M for months"),
            ("two weeks", "write a whole number and a unit: 3wd (working days)"),
            ("", "write a whole number and a unit"),
            ("--3d", "write a whole number and a unit"),
            ("1.5d", "write a whole number and a unit"),
            ("9999999d", "write a whole number and a unit"),
            ("5000d", "write a shorter duration"),
        ],
    )
    def test_refuses_other_text_and_says_how_to_write_it(self, text: str, fix: str) -> None:
        with pytest.raises(DurationError) as refused:
            parse_duration(text)
        assert refused.value.fix.startswith(fix)
        assert repr(text) in refused.value.what


class TestDuration:
    def test_counts_its_multiples(self) -> None:
        assert parse_duration("P3M").times(4) == parse_duration("P12M")

    def test_turns_a_duration_backwards(self) -> None:
        assert parse_duration("3wd").before() == parse_duration("-3wd")

    def test_compares_units_by_approximate_length(self) -> None:
        texts = ["-P1M", "-2w", "-3wd", "0wd", "30s", "2h", "1d", "1wd", "4d", "3wd", "1w", "P1M"]
        lengths = [parse_duration(text).nominal_seconds for text in texts]
        assert lengths == sorted(lengths)

    @pytest.mark.parametrize(
        ("text", "words"),
        [("1wd", "1 working day"), ("-3wd", "3 working days"), ("P3M", "3 months")],
    )
    def test_is_written_in_words(self, text: str, words: str) -> None:
        assert in_words(parse_duration(text)) == words
