"""The objective: terms that add up to the loss, and what learned parts they bring along."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from latentscape.errors import UsageError
from latentscape.objectives.term import Pass, Sizes, Term


class Objective(nn.Module):
    """A sum of terms, each in nats per image.

    Losses are computed in fp32 whatever the precision around them. Parts such as a
    discriminator live here; the model's optimiser must not hold them.

    Args:
        terms: At least one, no two of one name.
        sizes: What the terms may know before training.

    Raises:
        UsageError: If there is no term, or two have one name.
    """

    def __init__(self, terms: Sequence[Term], sizes: Sizes):
        super().__init__()
        names = [term.name for term in terms]
        if not terms or len(set(names)) < len(names):
            raise UsageError(
                f"an objective needs terms of different names, not {names}",
                "join the doubled terms into one",
            )
        self.terms = tuple(terms)
        self.sizes = sizes
        built = {term.name: term.build(sizes) for term in terms}
        self.parts = nn.ModuleDict({n: part for n, part in built.items() if part is not None})

    def losses(self, done: Pass) -> dict[str, Tensor]:
        """Each term's weighted loss by name, nats per image; their sum is what is minimised."""
        with torch.autocast(done.logits.device.type, enabled=False):
            losses: dict[str, Tensor] = {}
            done = replace(_in_fp32(done), losses=losses)
            for term in self.terms:
                losses[term.name] = term.loss(done, self._part(term))
            return losses

    def critic_losses(self, done: Pass) -> dict[str, Tensor]:
        """Losses of the learned parts, for their own optimiser; empty where there are none.

        No gradient reaches the model from here, nor a critic from `losses`.
        """
        with torch.autocast(done.logits.device.type, enabled=False):
            done = _in_fp32(done)
            losses = {term.name: term.critic_loss(done, self._part(term)) for term in self.terms}
        return {name: loss for name, loss in losses.items() if loss is not None}

    def critic_parameters(self) -> list[nn.Parameter]:
        """Weights of the learned parts; a frozen net that a term measures by has none."""
        return [weight for weight in self.parts.parameters() if weight.requires_grad]

    def learned_state(self) -> dict[str, Tensor]:
        """Weights and buffers by name, less those of frozen nets, which are read from their own."""
        frozen = [
            f"parts.{name}."
            for name, part in self.parts.items()
            if (weights := list(part.parameters())) and not any(w.requires_grad for w in weights)
        ]
        state = self.state_dict()
        return {key: state[key] for key in state if not key.startswith(tuple(frozen))}

    def load_learned_state(self, state: dict[str, Tensor]) -> None:
        """Take back what `learned_state` gave; frozen nets stay as they are.

        Raises:
            KeyError: If something learned is missing.
        """
        learned = {key: state[key] for key in self.learned_state()}
        self.load_state_dict(self.state_dict() | learned)

    def _part(self, term: Term) -> nn.Module | None:
        if term.name not in self.parts:
            return None
        return self.parts[term.name]


def _in_fp32(done: Pass) -> Pass:
    """The pass with its tensors in fp32 (a no-op where they are); the posterior is so already."""
    return replace(
        done,
        images=done.images.float(),
        logits=done.logits.float(),
        latents=done.latents.float(),
    )
