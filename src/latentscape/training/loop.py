"""The loop: short, our own, on Fabric (docs/decisions/0001)."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from latentscape.errors import RunError
from latentscape.models import Autoencoder
from latentscape.training.checkpoint import Progress, load_checkpoint, save_checkpoint
from latentscape.training.config import TrainConfig
from latentscape.training.doctor import Doctor
from latentscape.training.feed import Feed, shard_of
from latentscape.training.history import add_epoch, write_history
from latentscape.training.interrupt import Interrupt
from latentscape.training.learner import Learner
from latentscape.training.snapshot import Snapshots
from latentscape.training.together import any_of, from_all
from latentscape.training.validation import Validation, validate
from latentscape.training.watch import check_finite

CHECK_EVERY = 50
AGREE_EVERY = 10


class Listener(Protocol):
    """Hears how training goes: a progress bar, a logger."""

    def on_step(self, epoch: int, step: int, n_steps: int, images_per_second: float) -> None:
        """After each step; `step` of `n_steps` within the epoch."""

    def on_epoch(self, row: dict[str, float]) -> None:
        """After each epoch, with its row of the history."""


class Loop:
    """Trains one learner to the end, or to a stop from which it can go on.

    The run's state is a `Progress`, the weights and the optimisers; saved together they continue
    bit for bit, because order, noise and augmentation depend on (seed, epoch, step) alone.
    """

    def __init__(
        self,
        learner: Learner,
        feeds: tuple[Feed, Feed],
        *,
        config: TrainConfig,
        fabric: Fabric,
        folder: Path,
        doctor: Doctor | None = None,
    ):
        self.config, self.fabric, self.folder = config, fabric, folder
        self.learner = learner
        self.listeners: tuple[Listener, ...] = ()
        self.doctor = Doctor(config) if doctor is None else doctor
        self.begins_trained = False  # if so, the history has a row before the first step
        self.train_feed, self.val_feed = feeds
        rate, decay = config.learning_rate, config.weight_decay
        fused = fabric.device.type in ("cpu", "cuda")
        trained = [weight for weight in learner.parameters() if weight.requires_grad]
        main = torch.optim.Adam(trained, lr=rate, weight_decay=decay, fused=fused)
        self.wrapped, self.optimizer = fabric.setup(learner, main)
        learner.objective.to(fabric.device)
        critic = tuple(learner.objective.critic_parameters())
        self.critic = torch.optim.Adam(critic, lr=rate, fused=fused) if critic else None
        self.average = self._moving_average()
        self.rng = torch.Generator(device=fabric.device)
        self.snapshots = Snapshots(folder, self.val_feed, config.latent_shape, config.seed)
        self.progress = Progress()
        self.sums = self._zeros()
        self.interrupt = Interrupt()

    def run(self) -> str:
        """Train until the last epoch, an early stop, or Ctrl-C.

        Returns:
            ``finished``, ``early stopping`` or ``interrupted``.

        Raises:
            TrainingError: If the loss breaks or the run collapses.
        """
        if self.progress.n_steps == 0:
            self._snapshot()
            if self.begins_trained and not self.progress.history:
                self._note_beginning()
        with self.interrupt.heard():
            while self.progress.epoch < self.config.epochs and not self._has_stalled():
                if not self._train_epoch():
                    self.save()
                    return "interrupted"
                self._finish_epoch()
                if self._is_stopped_between_epochs():
                    return "interrupted"
        return "early stopping" if self._has_stalled() else "finished"

    def _is_stopped_between_epochs(self) -> bool:
        (stop,) = any_of(self.fabric, self.interrupt.asked)
        return stop and self.progress.epoch < self.config.epochs and not self._has_stalled()

    # One epoch ------------------------------------------------------------------------------

    def _train_epoch(self) -> bool:
        """Train to the end of the running epoch; False if it was interrupted."""
        progress, config = self.progress, self.config
        rank, world = self.fabric.global_rank, self.fabric.world_size
        order = shard_of(self.train_feed.order(config.seed, progress.epoch), rank, world)
        batches = order.split(config.batch_size)
        if progress.step == 0:
            entropy = np.random.SeedSequence([config.seed, progress.epoch, rank])
            self.rng.manual_seed(int(entropy.generate_state(1)[0]))
        self.wrapped.train()
        saved = started = time.monotonic()
        before = progress.seconds
        for step in range(progress.step, len(batches)):
            self._train_step(batches[step], step, len(batches))
            now = time.monotonic()
            progress.seconds = before + now - started
            speed = progress.seen * world / max(progress.seconds, 1e-9)
            for listener in self.listeners:
                listener.on_step(progress.epoch, step + 1, len(batches), speed)
            if (step + 1) % CHECK_EVERY == 0 or step + 1 == len(batches):
                check_finite(self._train_means(), f"step {progress.n_steps}")
            if progress.step % config.accumulate or progress.step == len(batches):
                continue  # half-added gradients are not saved; a whole epoch is, in a moment
            if world > 1 and progress.step // config.accumulate % AGREE_EVERY:
                continue  # agreeing costs a wait for the slowest
            due = now - saved > config.checkpoint_seconds
            stop, due = any_of(self.fabric, self.interrupt.asked, due)
            if stop:
                check_finite(self._train_means(), f"step {progress.n_steps}")
                return False
            if due:
                check_finite(self._train_means(), f"step {progress.n_steps}")
                self.save()
                saved = time.monotonic()
        return True

    def _train_step(self, rows: Tensor, step: int, n_steps: int) -> None:
        config, progress = self.config, self.progress
        rank = self.fabric.global_rank
        augment_rng = np.random.default_rng([config.seed, progress.epoch, step, rank])
        images, labels = self.train_feed.batch(rows, augment_rng)
        position = progress.epoch + step / n_steps
        whole = (step + 1) % config.accumulate == 0 or step + 1 == n_steps
        with self.fabric.no_backward_sync(self.wrapped, enabled=not whole):
            parts = self.wrapped(images, labels, self.rng, position, config.epochs)
            self.fabric.backward(parts.sum() / config.accumulate)
        if whole:
            self._update()
        self._critic_step()
        self.sums += parts.detach().to(self.sums.dtype) * len(rows)
        progress.step = step + 1
        progress.n_steps += 1
        progress.seen += len(rows)
        if self.doctor.is_due(progress.n_steps):
            assert self.learner.done is not None
            if self.doctor.look(self.learner.done, progress, self.fabric):
                self.learner.rate_share = progress.rate_share
                self.optimizer.state.clear()  # moments of the old, larger loss forbid any step
        self.learner.done = None

    def _update(self) -> None:
        if self.config.clip_gradient is not None:
            largest = self.config.clip_gradient
            self.fabric.clip_gradients(self.wrapped, self.optimizer, max_norm=largest)
        self.optimizer.step()
        self.optimizer.zero_grad()
        if self.average is not None:
            self.average.update_parameters(self.learner.model)

    def _critic_step(self) -> None:
        if self.critic is None:
            return
        with self.fabric.autocast():
            loss = self.learner.critic_loss()
        if loss is None:  # before the adversary's start
            return
        loss.backward()
        if self.fabric.world_size > 1:
            for parameter in self.learner.objective.critic_parameters():
                if parameter.grad is not None:
                    mean = self.fabric.all_reduce(parameter.grad, reduce_op="mean")
                    parameter.grad.copy_(torch.as_tensor(mean))
        self.critic.step()
        self.critic.zero_grad()

    def _note_beginning(self) -> None:
        """A row of the history, of epoch 0: the model as it came."""
        with self.fabric.autocast():
            checked = self.fabric.broadcast(self._validate())
        row = {"epoch": 0, **checked.row(), **self.doctor.row(self.progress)}
        add_epoch(self.progress.history, row)

    def _finish_epoch(self) -> None:
        progress = self.progress
        means = self._train_means()
        with self.fabric.autocast(), self._averaged_weights():
            checked = self.fabric.broadcast(self._validate())
        check_finite(checked.parts, f"the end of epoch {progress.epoch + 1}")
        progress.epoch += 1
        speed = progress.seen * self.fabric.world_size / max(progress.seconds, 1e-9)
        row = {
            "epoch": progress.epoch,
            "train_loss": sum(means.values()),
            **{f"train_{name}": value for name, value in means.items()},
            **checked.row(),
            **self.doctor.row(progress),
            "images_per_second": speed,
            "seconds": progress.seconds,
        }
        add_epoch(progress.history, row)
        self._remember_best(checked.loss)
        self.doctor.judge(progress, checked)
        self.learner.rate_share = progress.rate_share
        progress.step, progress.seen, progress.seconds = 0, 0, 0.0
        self.sums = self._zeros()
        self._snapshot()
        if self.fabric.is_global_zero:
            write_history(self.folder, progress.history)
        self.save()
        for listener in self.listeners:
            listener.on_epoch(row)
        self.doctor.verdict(progress, checked)

    def _validate(self) -> Validation:
        config = self.config
        return validate(
            self.learner,
            self.val_feed,
            seed=config.seed,
            epoch=config.epochs - 1e-6,  # every schedule at its end, so that epochs compare
            epochs=config.epochs,
        )

    def _remember_best(self, loss: float) -> None:
        if loss < self.progress.best_loss:
            self.progress.best_loss, self.progress.best_epoch = loss, self.progress.epoch

    def _has_stalled(self) -> bool:
        patience, progress = self.config.patience, self.progress
        return patience is not None and progress.epoch - progress.best_epoch >= patience

    def _snapshot(self) -> None:
        if self.fabric.is_global_zero:
            self.learner.eval()
            with self.fabric.autocast(), self._averaged_weights():
                model = self.learner.model
                self.snapshots.take(model, self.progress.epoch, self.config.seed)

    # State ----------------------------------------------------------------------------------

    def save(self) -> None:
        """Write a checkpoint of this moment; all processes must come here together."""
        sums = self.fabric.all_reduce(self.sums, reduce_op="mean")
        state = self._state()
        if self.fabric.is_global_zero:
            self.progress.sums = torch.as_tensor(sums).tolist()
            save_checkpoint(self.folder, self.progress, state)

    def restore(self) -> bool:
        """Go back to the last checkpoint; False if there is none."""
        found = load_checkpoint(self.folder)
        if found is None:
            return False
        self.progress, state = found
        self.learner.rate_share = self.progress.rate_share
        try:
            self.learner.load_state_dict(state["learner"])
            self.learner.objective.load_learned_state(state["objective"])
            self.optimizer.load_state_dict(state["optimizer"])
            if self.critic is not None:
                self.critic.load_state_dict(state["critic"])
            if self.average is not None:
                self.average.load_state_dict(state["average"])
            self.doctor.restore(state.get("doctor"))
            self.rng.set_state(state["rng"][self.fabric.global_rank])
        except (RuntimeError, ValueError, LookupError, TypeError) as error:
            raise RunError(
                f"the checkpoint in {self.folder} does not fit this version's model",
                "train the run from its start in another --out",
            ) from error
        self.sums = self._zeros()
        if self.progress.sums:
            self.sums += torch.tensor(self.progress.sums, dtype=torch.float64).to(self.sums)
        return True

    def _state(self) -> dict[str, Any]:
        return {
            "learner": self.learner.state_dict(),
            "objective": self.learner.objective.learned_state(),
            "optimizer": self.optimizer.state_dict(),
            "critic": None if self.critic is None else self.critic.state_dict(),
            "average": None if self.average is None else self.average.state_dict(),
            "doctor": self.doctor.state(),
            "rng": from_all(self.fabric, self.rng.get_state()),
        }

    def _zeros(self) -> Tensor:
        dtype = torch.float32 if self.fabric.device.type == "mps" else torch.float64
        return torch.zeros(len(self.learner.part_names), dtype=dtype, device=self.fabric.device)

    def _train_means(self) -> dict[str, float]:
        means = self.fabric.all_reduce(self.sums / max(self.progress.seen, 1), reduce_op="mean")
        assert isinstance(means, Tensor)
        return dict(zip(self.learner.part_names, means.tolist(), strict=True))

    def _moving_average(self) -> AveragedModel | None:
        if self.config.ema is None:
            return None
        mean = get_ema_multi_avg_fn(self.config.ema)
        return AveragedModel(self.learner.model, multi_avg_fn=mean, use_buffers=True)

    @contextmanager
    def _averaged_weights(self) -> Iterator[None]:
        """Put the moving average in the model's place for as long as the block runs."""
        if self.average is None:
            yield
            return
        trained = self.learner.model
        self.learner.model = self.final_model()
        try:
            yield
        finally:
            self.learner.model = trained

    def final_model(self) -> Autoencoder:
        """The model to keep: the moving average of the weights where one was asked for."""
        if self.average is None:
            return self.learner.model
        averaged = self.average.module
        assert isinstance(averaged, Autoencoder)
        return averaged
