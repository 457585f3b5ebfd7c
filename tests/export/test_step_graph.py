"""The ONNX graph computes what PyTorch computes, character after character."""

import json
from typing import Any

import numpy as np
import onnx as onnx_library
import onnxruntime
import pytest
import torch

from lstm.checkpoint import Saved
from lstm.export import onnx
from lstm.vocabulary import UNKNOWN, Vocabulary
from tests.export.export_tools import HOSTILE, LETTERS, a_network

SHAPES = [
    {"cell": "lstm", "hidden_size": 24},
    {"cell": "lstm", "hidden_size": 13, "num_layers": 3, "embedding_size": 0},
    {"cell": "gru", "hidden_size": 17, "embedding_size": 0},
    {"cell": "gru", "hidden_size": 16, "num_layers": 2},
    {"cell": "rnn", "hidden_size": 20},
    {"cell": "lstm", "hidden_size": 14, "tied": True},
    {"cell": "gru", "hidden_size": 12, "num_layers": 2, "tied": True},
    {"cell": "rnn", "hidden_size": 9, "num_layers": 2, "embedding_size": 0},
]


def session(data: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("batch", [1, 3])
def test_it_agrees_with_pytorch_over_many_steps(shape: dict[str, Any], batch: int) -> None:
    saved = a_network(**shape)
    model, run = saved.model(), session(onnx(saved))
    names = [one.name for one in run.get_inputs()]
    assert names == (["ids", "h", "c"] if shape["cell"] == "lstm" else ["ids", "h"])
    state = model.zero_state(batch)
    memory = [part.numpy() for part in state]
    generator = torch.Generator().manual_seed(3)
    for _ in range(50):
        ids = torch.randint(LETTERS.size, (batch,), generator=generator)
        with torch.inference_mode():
            logits, state = model.step(ids, state)
        feeds = dict(zip(names, [ids.numpy(), *memory], strict=True))
        there, *memory = run.run(None, feeds)
        assert there.shape == (batch, LETTERS.size)
        np.testing.assert_allclose(there, logits.numpy(), rtol=0, atol=1e-4)
        for mine, theirs in zip(state, memory, strict=True):
            np.testing.assert_allclose(theirs, mine.numpy(), rtol=0, atol=1e-4)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_it_is_valid_onnx(shape: dict[str, Any]) -> None:
    model = onnx_library.load_model_from_string(onnx(a_network(**shape)))
    onnx_library.checker.check_model(model, full_check=True)


def test_its_metadata_tells_the_symbols() -> None:
    vocabulary = Vocabulary(("\x00", " ", "a", "\ud800", "😀", UNKNOWN))
    saved: Saved = a_network(vocabulary, name=HOSTILE, lowercase=True)
    facts = session(onnx(saved)).get_modelmeta().custom_metadata_map
    assert tuple(map(chr, json.loads(facts["vocabulary"]))) == vocabulary.characters
    assert json.loads(facts["lowercase"]) is True
    assert facts["name"].startswith("</script>")
