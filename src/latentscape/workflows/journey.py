"""What `interpolate` is asked for: between which samples, and how."""

from dataclasses import asdict, dataclass
from typing import TypedDict, Unpack

from latentscape.errors import UsageError, nearest
from latentscape.trajectories import require_method
from latentscape.workflows.film import FILMS
from latentscape.workflows.key_frames import SMOOTH

PAIRS, N_PAIRS = "different-class", 8  # where nothing is said


class JourneyWords(TypedDict, total=False):
    """The keywords of `interpolate`; what they mean and stand at: `Journey`."""

    pairs: str | list[str] | tuple[str, ...] | None
    through: str | list[str] | tuple[str, ...] | None
    n_pairs: int | None
    n_steps: int
    method: str
    seed: int
    split: str
    even: bool
    film: tuple[str, ...]


@dataclass(frozen=True)
class Journey:
    """Between which samples, and how.

    Attributes:
        pairs: A criterion: ``different-class`` (the default), ``same-class``, ``nearest``,
            ``prior-prior`` and others (`trajectories.CRITERIA`); or pairs ``"idA:idB"``.
        through: In place of pairs, the ids of samples that one way goes through in their order;
            also as one text, by commas.
        n_pairs: How many pairs to choose; 8 if None.
        n_steps: Frames of each trajectory, both ends counted.
        method: Name of the interpolator: ``linear``, ``spherical-centred``, ``lol``, ``graph``
            and others (`trajectories.INTERPOLATORS`); through samples, leg by leg, or a smooth
            curve: ``hermite``, ``catmull-rom``, ``rbf``.
        seed: Of the choice of pairs, and of what a method draws.
        split: ``train``, ``val``, ``test`` or ``all``.
        even: Whether frames are set at constant perceptual speed (equal steps between decoded
            images) rather than where the method sets them.
        film: Films beside the record: ``gif``, ``mp4``.

    Raises:
        UsageError: If a word is unknown, or does not go with another.
    """

    pairs: str | list[str] | tuple[str, ...] | None = None
    through: str | list[str] | tuple[str, ...] | None = None
    n_pairs: int | None = None
    n_steps: int = 10
    method: str = "linear"
    seed: int = 0
    split: str = "test"
    even: bool = False
    film: tuple[str, ...] = ()

    def __post_init__(self):
        unknown = [kind for kind in self.film if kind not in FILMS]
        if unknown:
            raise UsageError(f"there is no film {unknown[0]!r}", nearest(unknown[0], FILMS))
        if self.method not in SMOOTH:
            require_method(self.method)
        elif self.through is None:
            told = f"{self.method} is a curve through several samples"
            raise UsageError(told, "name them with --through ID,ID,ID")
        if self.through is not None:
            self._require_keys_alone()

    @property
    def keys(self) -> tuple[str, ...]:
        """The samples that one way goes through; none where pairs are travelled."""
        named = self.through or ()
        parts = named.split(",") if isinstance(named, str) else named
        return tuple(name.strip() for name in parts if name.strip())

    def _require_keys_alone(self) -> None:
        if not self.keys:
            raise UsageError(
                "the list of samples to go through is empty",
                "name two or more, by commas, or leave it out to travel between pairs",
            )
        given = [name for name in ("pairs", "n_pairs") if getattr(self, name) is not None]
        if given:
            raise UsageError(
                f"one way through named samples has no {' and no '.join(given)}",
                f"leave {'it' if len(given) == 1 else 'them'} out, or leave `through` out",
            )


def journey_of(**words: Unpack[JourneyWords]) -> Journey:
    """The journey of some keywords.

    Raises:
        UsageError: If a word is unknown, or does not go with another.
    """
    unknown = sorted(set(words) - set(Journey.__dataclass_fields__))
    if unknown:
        raise UsageError(
            f"interpolate knows no such word: {', '.join(unknown)}",
            f"known: {', '.join(asdict(Journey()))}",
        )
    return Journey(**words)
