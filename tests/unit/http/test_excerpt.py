"""What messages quote of an answer."""

from jobwatchd.http.answer import clean, excerpt


def test_an_excerpt_is_one_short_printable_line() -> None:
    """A megabyte of markup with control characters fits a log line."""
    text = excerpt(b"<p>\n\n\x1b[31mred\xff</p>" * 50_000)
    assert len(text) == 120
    assert text.isprintable()
    assert text.startswith("<p> \N{REPLACEMENT CHARACTER}[31mred")


def test_text_is_cleaned() -> None:
    """Control characters are replaced, endless names are cut, and good ones kept."""
    assert clean("a\0b") == "a\N{REPLACEMENT CHARACTER}b"
    assert len(clean("n" * 10_000)) == 512
    assert clean("作业 1964") == "作业 1964"
