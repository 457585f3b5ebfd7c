"""The reader test: every technical word of the lesson is explained where it first appears."""

import re

import pytest

from lstm.messages import LANGUAGES, Language, catalogue, text
from lstm.ui.learn.chapters import CHAPTERS, chapter
from lstm.ui.learn.glossary import keys

EVERYDAY: dict[Language, frozenset[str]] = {
    "en": frozenset({"learn", "trained", "surprised", "surprising", "window", "stream", "dice"}),
    "zh": frozenset({"意外", "做法", "窗口", "流水", "骰子"}),
}
"""Forms of words that anybody understands before they are explained."""

JARGON: dict[Language, tuple[str, ...]] = {
    "en": (
        "LSTM", "RNN", "GRU", "gradient", "softmax", "logit", "epoch", "hidden state", "entropy",
        "backpropagation", "embedding", "overfitting", "hyperparameter", "perplexity", "sigmoid",
        "tanh", "cell state", "encoder", "decoder", "one-hot", "vocabulary", "token", "tensor",
        "n-gram", "temperature", "held-out", "held out", "bit", "clipping", "weights",
    ),
    "zh": (
        "LSTM", "RNN", "GRU", "梯度", "softmax", "logit", "隐状态", "隐藏状态", "熵", "反向传播",
        "嵌入", "过拟合", "超参数", "困惑度", "sigmoid", "tanh", "细胞状态", "编码器", "解码器",
        "独热", "词表", "张量", "n 元", "温度", "比特", "裁剪", "权重",
    ),
}  # fmt: skip
"""Words that nobody knows from everyday life: none may appear without a term that has it."""


def forms(term: str, language: Language) -> list[str]:
    messages = catalogue(language)
    others = messages.get(f"glossary.{term}.forms", "")
    return [messages[f"glossary.{term}.word"], *(form for form in others.split("|") if form)]


def mentions(sentence: str, word: str, language: Language) -> bool:
    if language == "zh" and not word.isascii():
        return word in sentence
    return re.search(rf"(?<![A-Za-z]){re.escape(word)}(?![A-Za-z])", sentence, re.I) is not None


def sentences(key: str, language: Language) -> dict[str, str]:
    """What a chapter says; the names of its placeholders are no words."""
    found = {k: v for k, v in catalogue(language).items() if k.startswith(f"learn_{key}.")}
    return {name: re.sub(r"\{[^}]*\}|\]\([a-z_]+\)", "", said) for name, said in found.items()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_term_has_a_word_and_an_explanation(language: Language) -> None:
    assert keys(language)
    for term in keys(language):
        assert text(f"glossary.{term}.word", language).strip()
        assert len(text(f"glossary.{term}.text", language)) >= 10, term


@pytest.mark.parametrize("key", CHAPTERS)
def test_a_chapter_explains_terms_that_there_are(key: str) -> None:
    terms = chapter(key).TERMS
    assert len(terms) == len(set(terms))
    assert set(terms) <= set(keys())


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_are_explained_at_or_before_their_first_appearance(language: Language) -> None:
    explained: set[str] = set()
    missing = []
    for key in CHAPTERS:
        explained |= set(chapter(key).TERMS)
        for name, said in sentences(key, language).items():
            for term in keys(language):
                found = [
                    form
                    for form in forms(term, language)
                    if form not in EVERYDAY[language] and mentions(said, form, language)
                ]
                if found and term not in explained:
                    missing.append((name, term, found))
    assert not missing


@pytest.mark.parametrize("language", LANGUAGES)
def test_jargon_has_its_explanation(language: Language) -> None:
    known = {form.casefold() for term in keys(language) for form in forms(term, language)}
    missing = []
    for key in CHAPTERS:
        for name, said in sentences(key, language).items():
            for word in JARGON[language]:
                covered = any(
                    word.casefold() in form and mentions(said, form, language) for form in known
                )
                if mentions(said, word, language) and not covered:
                    missing.append((name, word))
    assert not missing
