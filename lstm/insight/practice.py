"""A small training in this process, for a network that is trained to be looked at.

The real training (``lstm.training``) has a process of its own and needs a corpus; this one takes
some hundred steps on a short text or task and leaves thread counts and global generators alone.
"""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from lstm.insight.reading import differentiating
from lstm.model import CharModel


class Practice:
    """A network with its optimizer, trained a few steps at a time.

    AdamW (Loshchilov & Hutter 2019, arXiv:1711.05101) without weight decay, and clipping of the
    gradient's norm (Pascanu et al. 2013, arXiv:1211.5063). Without dropout, which would draw from
    torch's global generator.
    """

    def __init__(self, model: CharModel, learning_rate: float, clip: float = 1.0) -> None:
        """Take over a network, which will be changed.

        Args:
            model: The network.
            learning_rate: Of every step.
            clip: Largest norm of the gradient.
        """
        self.model = model
        self._clip = clip
        self._weights = [weight for weight in model.parameters() if weight.requires_grad]
        self._optimizer = torch.optim.AdamW(self._weights, lr=learning_rate, weight_decay=0.0)

    def learn(self, batches: Iterable[tuple[Tensor, Tensor]]) -> float:
        """Do one step on each batch, every row read from an empty memory.

        Args:
            batches: Inputs (B, T) int64 with targets: (B, T) int64 to predict at every place, or
                (B,) int64 to predict after the last character alone.

        Returns:
            Mean loss of the steps in nats per prediction; 0 if there were none.
        """
        losses = [self._step(inputs, targets) for inputs, targets in batches]
        return sum(losses) / max(1, len(losses))

    def _step(self, inputs: Tensor, targets: Tensor) -> float:
        with differentiating(self.model):
            outputs, _ = self.model.recur(self.model.embed(inputs), None)
            outputs = outputs if targets.dim() == 2 else outputs[:, -1]
            logits = self.model.logits(outputs)
            loss = nn.functional.cross_entropy(logits.flatten(0, -2), targets.flatten())
            gradients = torch.autograd.grad(loss, self._weights)
        for weight, gradient in zip(self._weights, gradients, strict=True):
            weight.grad = gradient
        nn.utils.clip_grad_norm_(self._weights, self._clip)
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        return float(loss.detach())
