"""One network with its optimizer: what a single step of training does, and how it is frozen.

Knows nothing of epochs, events or budgets: it is handed a batch and how far the training is.
"""

import math
from collections.abc import Mapping
from contextlib import AbstractContextManager

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from lstm.batches import Batch
from lstm.config import ModelConfig, TrainConfig
from lstm.loss import cross_entropy
from lstm.model import CharModel, State, bfloat16_is_native
from lstm.ranks import ranks

_FLOOR = 0.01
"""Share of the peak that the learning rate starts from and falls to."""

_MOMENTS = {"step", "exp_avg", "exp_avg_sq"}
"""What Adam keeps for each parameter."""


class Learner:
    """A network, its optimizer and the memory that its streams carry.

    Attributes:
        model: The network, on ``device``.
        carried: Memory of the streams after the last batch; ``None`` before the first.
        peak: Highest learning rate of the schedule.
        scale: Factor on it; halved when the training had to go back.
        rate: Learning rate of the last step.
    """

    def __init__(self, vocab_size: int, model_config: ModelConfig, config: TrainConfig) -> None:
        """Build a fresh network and its optimizer from the config's seed."""
        torch.set_num_threads(config.threads)
        torch.manual_seed(config.rng)
        self.config = config
        self.classic = config.recipe == "classic"
        self.ranks = ranks()
        self.device = self.ranks.device
        self.model = CharModel(vocab_size, model_config).to(self.device)
        self._objective = self._shared(_Objective(self.model, last_only=self.classic))
        self.carried: State | None = None
        self.peak = self.rate = config.learning_rate
        self.scale = 1.0
        self._optimizer = self._new_optimizer()

    def learn(self, batch: Batch, progress: float) -> tuple[float, float]:
        """Do one optimizer step; with a loss or gradient that is no number, leave it out.

        Args:
            batch: What all ranks together learn from.
            progress: Share of the budget that is used up, 0 to 1; sets the learning rate.

        Returns:
            The loss in nats per character and the gradient's norm before clipping.
        """
        self.model.train()
        self.rate = self._scheduled(progress)
        for group in self._optimizer.param_groups:
            group["lr"] = self.rate
        self._optimizer.zero_grad(set_to_none=True)
        loss = self._loss(batch)
        loss.backward()  # type: ignore[no-untyped-call]
        most = self.config.clip or math.inf
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), most)
        value, length = self.ranks.mean(float(loss.detach())), float(norm)
        if math.isfinite(value) and math.isfinite(length):
            self._optimizer.step()
        return value, length

    def precision(self) -> AbstractContextManager[object]:
        """Return the context in which the network computes: bfloat16 or float32."""
        wanted = self.config.precision
        native = self.device.type == "cuda" or bfloat16_is_native()
        half = wanted == "bfloat16" or (wanted == "auto" and native)
        return torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=half)

    def tensors(self) -> dict[str, Tensor]:
        """Return copies of everything that going on needs: weights, moments, memory, generator."""
        tensors = {f"model.{name}": value for name, value in self.model.state_dict().items()}
        for number, moments in self._optimizer.state_dict()["state"].items():
            for name, value in moments.items():
                tensors[f"optimizer.{number}.{name}"] = torch.as_tensor(value)
        for number, part in enumerate(self.carried or ()):
            tensors[f"carried.{number}"] = self.ranks.join(part, 1)
        tensors["rng.torch"] = torch.get_rng_state()
        return {name: value.detach().cpu().clone() for name, value in tensors.items()}

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Go back, or on, to what ``tensors`` returned.

        Raises:
            RuntimeError, ValueError, LookupError: They are those of another network.
        """
        self.model.load_state_dict(_below("model.", tensors))
        self._restore_optimizer(_below("optimizer.", tensors))
        carried = _below("carried.", tensors)
        parts = [carried[str(number)].clone() for number in range(len(carried))]
        shares = [self.ranks.share(part, 1) for part in parts]
        self.carried = tuple(part.to(self.device, torch.float32) for part in shares) or None
        if "rng.torch" in tensors:
            torch.set_rng_state(tensors["rng.torch"])

    def _shared(self, objective: nn.Module) -> nn.Module:
        """Let the gradients be those of all ranks together."""
        if self.ranks.size == 1:
            return objective
        torch.manual_seed(self.config.rng + self.ranks.rank)  # each drops other values
        return DistributedDataParallel(objective)

    def _loss(self, batch: Batch) -> Tensor:
        inputs, targets, empty = (
            self.ranks.share(part).to(self.device)
            for part in (batch.inputs, batch.targets, batch.empty)
        )
        with self.precision():
            loss: Tensor
            loss, state = self._objective(inputs, targets, self._memory(empty))
        if not self.classic:
            self.carried = tuple(part.detach() for part in state)
        return loss

    def _memory(self, empty: Tensor) -> State | None:
        """Return the carried memory, emptied for some streams."""
        if self.carried is None or self.classic:
            return None
        kept = (~empty).float()[:, None]
        return tuple(part * kept for part in self.carried)

    def _scheduled(self, progress: float) -> float:
        """Return the learning rate: linear warm-up, then cosine decay over the budget."""
        rate, config = self.peak * self.scale, self.config
        if config.schedule == "constant":
            return rate
        if progress < config.warmup:
            return rate * max(progress / config.warmup, _FLOOR)
        left = min(1.0, (progress - config.warmup) / (1 - config.warmup))
        return rate * (_FLOOR + (1 - _FLOOR) * 0.5 * (1 + math.cos(math.pi * left)))

    def _new_optimizer(self) -> torch.optim.Optimizer:
        config = self.config
        trained = [value for value in self.model.parameters() if value.requires_grad]
        if self.classic:  # Keras's epsilon
            return torch.optim.Adam(trained, lr=config.learning_rate, eps=1e-7)
        matrices = [value for value in trained if value.ndim > 1]
        vectors = [value for value in trained if value.ndim == 1]
        groups = [
            {"params": matrices, "weight_decay": config.weight_decay},
            {"params": vectors, "weight_decay": 0.0},
        ]
        return torch.optim.AdamW(groups, lr=config.learning_rate, betas=(0.9, 0.98), fused=True)

    def _restore_optimizer(self, tensors: Mapping[str, Tensor]) -> None:
        # Checked here, because the fused step trusts the shapes: it would read beyond the end.
        parameters = [value for group in self._optimizer.param_groups for value in group["params"]]
        moments: dict[int, dict[str, Tensor]] = {}
        for name, value in tensors.items():
            number, key = name.split(".", 1)
            wanted = torch.Size() if key == "step" else parameters[int(number)].shape
            if value.shape != wanted or (key == "step" and not value >= 0):
                raise ValueError(name)
            moments.setdefault(int(number), {})[key] = value.clone()
        if any(kept.keys() != _MOMENTS for kept in moments.values()):
            raise ValueError("moments")
        groups = self._optimizer.state_dict()["param_groups"]
        self._optimizer.load_state_dict({"state": moments, "param_groups": groups})


class _Objective(nn.Module):
    """What is to become small, as one module: DistributedDataParallel wants one to wrap.

    Args:
        model: The network.
        last_only: Judge only what it says after the last character.
    """

    def __init__(self, model: CharModel, *, last_only: bool) -> None:
        super().__init__()
        self.model = model
        self.last_only = last_only

    def forward(self, inputs: Tensor, targets: Tensor, state: State | None) -> tuple[Tensor, State]:
        """Return the mean loss in nats and the memory after the last character."""
        outputs, state = self.model.recur(self.model.embed(inputs), state)
        if self.last_only:
            judged, wanted = outputs[:, -1], targets
        else:
            # In this order they lie in memory: PyTorch's layers compute time step by time step.
            judged = self.model.drop(outputs).transpose(0, 1).flatten(0, 1)
            wanted = targets.t().flatten()
        return cross_entropy(*self.model.output(judged), wanted), state


def _below(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): value
        for name, value in tensors.items()
        if name.startswith(prefix)
    }
