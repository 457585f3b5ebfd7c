"""Of subtitles what is said comes back, without numbers and times."""

import pytest

from lstm.errors import DocumentError
from tests.readers.makers import notes, read

ENGLISH = """1
00:00:01,000 --> 00:00:03,500
<i>I never thought
it would rain</i>

2
00:00:03,600 --> 00:00:05,000 X1:40 X2:600
for three days.

3
00:00:06,000 --> 00:00:08,000
{\\an8}- Did you?
- No.

4
00:00:09,000 --> 00:00:10,000
1984

5
00:00:11,000 --> 00:00:12,000
<font color="#fff">A < b</font>
"""
CHINESE = """1
00:00:01,000 --> 00:00:02,000
春天来了
你知道吗

2
00:00:03,000 --> 00:00:04,000
我知道
"""


def test_cues_become_lines_and_sentences_are_joined() -> None:
    document = read(ENGLISH.encode(), "film.srt")
    assert document.text.split("\n") == [
        "I never thought it would rain for three days.",
        "- Did you?",
        "- No.",
        "1984",
        "A < b",
    ]
    assert notes(document) == {"srt_cues": 5, "srt_markup": 5}


@pytest.mark.parametrize("codec", ["utf-16", "utf-8-sig", "gb18030"])
def test_chinese_subtitles_in_any_encoding(codec: str) -> None:
    document = read((CHINESE * 20).encode(codec), "电影.srt")
    assert document.text == "\n".join(["春天来了你知道吗", "我知道"] * 20)
    assert notes(document)["srt_cues"] == 40


def test_windows_line_ends_and_missing_blank_lines_do_not_matter() -> None:
    tight = ENGLISH.replace("\n\n", "\n").replace("\n", "\r\n")
    assert read(tight.encode(), "a.srt").text == read(ENGLISH.encode(), "a.srt").text


def test_what_has_no_times_is_told() -> None:
    with pytest.raises(DocumentError, match=r"“a\.srt” has no subtitles in it"):
        read(b"Only a text\n\nand nothing else.", "a.srt")
    with pytest.raises(DocumentError, match="nothing but blanks"):
        read(b"1\n00:00:01,000 --> 00:00:02,000\n\n", "a.srt")
