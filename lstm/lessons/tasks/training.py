"""The training that all five tasks share: some steps, then a look at what they gave.

Knows nothing of any one task.
"""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import nn

from lstm.insight.reading import differentiating
from lstm.lessons.tasks.networks import fresh_weights, with_weights
from lstm.lessons.tasks.parts import Answer, Pair, Progress, Task, Weights
from lstm.model import evaluating

SHOWN = 4
"""Held-out cases that are shown."""

_CLIP = 1.0
_WARM = 0.1
_DECAY = 0.01


def practise(task: Task[Any], rng: int) -> Iterator[Progress]:
    """Let a fresh network learn a task before one's eyes.

    AdamW (Loshchilov & Hutter 2019, arXiv:1711.05101), and clipping of the gradient's norm
    (Pascanu et al. 2013, arXiv:1211.5063).

    Args:
        task: What is learned.
        rng: Seed of the first weights and of the order of the cases.

    Yields:
        A part before the first step and one after every lap, the last with a share of 1.
    """
    dice = np.random.default_rng(rng)
    network = with_weights(_bare(task), fresh_weights(_bare(task), dice, task.forget_bias))
    pupil = _Pupil(task, network, dice)
    judged: list[float] = []
    for lap in range(task.plan.laps + 1):
        loss = pupil.lap(lap)
        accuracy, answers = judge(task, network)
        judged.append(accuracy)
        yield Progress(
            step=lap * task.plan.steps,
            loss=loss,
            steps=np.arange(lap + 1) * task.plan.steps,
            accuracy=np.array(judged, np.float32),
            held=len(task.held_out),
            cases=tuple(task.held_out[:SHOWN]),
            answers=tuple(answers[:SHOWN]),
            weights=_kept(network),
            share=lap / task.plan.laps,
        )


def judge(task: Task[Any], network: nn.Module) -> tuple[float, list[Answer]]:
    """Return the share of the held-out cases answered wholly right, and all answers."""
    cases: list[Pair] = list(task.held_out)
    with evaluating(network):
        answers = task.read(network, [case.given for case in cases])
    right = [answer.got == case.wanted for case, answer in zip(cases, answers, strict=True)]
    return sum(right) / len(right), answers


def answer(task: Task[Any], weights: Weights, given: str) -> Answer:
    """Return what a network of some part makes of an input.

    Args:
        task: What it learned.
        weights: Of the part.
        given: As ``Task.accept`` returned it.
    """
    network = with_weights(_bare(task), weights)
    with evaluating(network):
        read: list[Answer] = task.read(network, [given])
        return read[0]


def _bare(task: Task[Any]) -> nn.Module:
    """Return the task's network without weights: nothing is drawn from the global generator."""
    with torch.device("meta"):
        bare: nn.Module = task.network()
        return bare


def _kept(network: nn.Module) -> Weights:
    return {name: value.numpy().astype(np.float16) for name, value in network.state_dict().items()}


class _Pupil:
    """A network with its optimizer."""

    def __init__(self, task: Task[Any], network: nn.Module, dice: np.random.Generator) -> None:
        self._task, self._network, self._dice = task, network, dice
        self._weights = list(network.parameters())
        self._optimizer = torch.optim.AdamW(self._weights, weight_decay=_DECAY)

    def lap(self, lap: int) -> float:
        """Do the steps of a lap and return their mean loss; before the first, look only."""
        plan = self._task.plan
        if lap == 0:
            with evaluating(self._network):
                return float(self._task.loss(self._network, self._dice, plan.batch))
        numbers = range((lap - 1) * plan.steps, lap * plan.steps)
        return sum(self._step(number) for number in numbers) / plan.steps

    def _step(self, number: int) -> float:
        plan = self._task.plan
        for group in self._optimizer.param_groups:
            group["lr"] = plan.learning_rate * _pace(number / (plan.laps * plan.steps))
        with differentiating(self._network):
            loss = self._task.loss(self._network, self._dice, plan.batch)
            gradients = torch.autograd.grad(loss, self._weights)
        for weight, gradient in zip(self._weights, gradients, strict=True):
            weight.grad = gradient
        nn.utils.clip_grad_norm_(self._weights, _CLIP)
        self._optimizer.step()
        return float(loss.detach())


def _pace(share: float) -> float:
    """Return the factor on the learning rate when so much is done: up quickly, down slowly."""
    if share < _WARM:
        return 0.1 + 0.9 * share / _WARM
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * (share - _WARM) / (1 - _WARM)))
