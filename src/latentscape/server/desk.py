"""The desk where requests are taken: what is on show, and the threads that work for them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import monotonic
from typing import Annotated, Any

from fastapi import Depends, Path, Request

from latentscape.errors import nearest
from latentscape.records.exhibit import ColumnCard, ExhibitCard, Exhibition, MapCard
from latentscape.server.answers import RefusedError
from latentscape.server.exhibit import Exhibit, Exhibits
from latentscape.server.lane import Lane
from latentscape.server.queue import Decoded, DecodeQueue

# Bytes of pixels that one answer may hold.
MOST_BYTES = 32_000_000
CARD_SECONDS = 1.0


@dataclass(frozen=True)
class Pace:
    """Time limits in seconds.

    Attributes:
        reading: Of what is looked up.
        loading: Of images, which are loaded when they are first asked for.
        decoding: Of a call of the decoder, waiting included.
        making: Of what is worked out: journeys, films, grids, a dropped image.
    """

    reading: float = 30.0
    loading: float = 120.0
    decoding: float = 15.0
    making: float = 180.0


class Desk:
    """Everything a request may reach. Names that are not on the cards lead nowhere."""

    def __init__(self, exhibits: Exhibits, pace: Pace):
        self.exhibits = exhibits
        self._card = exhibits.card
        self._read = monotonic()
        self.reading = Lane("what looks things up", n_threads=4, seconds=pace.reading)
        # Lanes by what they wait for: nobody waits behind a thing that is slow for another reason.
        self.loading = Lane("what loads images", n_threads=2, seconds=pace.loading)
        self.remaking = Lane("what reconstructs images", n_threads=2, seconds=pace.making)
        self.travelling = Lane("what travels", most_waiting=16, seconds=pace.making)
        self.making = Lane("the workshop", most_waiting=16, seconds=pace.making)
        self.decoders = {
            key: DecodeQueue(exhibits[key].decode, seconds=pace.decoding) for key in self.cards
        }

    @property
    def card(self) -> Exhibition:
        """The cards of all; a second old at most, for what can be done may turn out later."""
        if monotonic() - self._read > CARD_SECONDS:
            self._card, self._read = self.exhibits.card, monotonic()
        return self._card

    @property
    def cards(self) -> dict[str, ExhibitCard]:
        """The exhibits' cards by key."""
        return {card.key: card for card in self.card.exhibits}


@dataclass(frozen=True)
class Asked:
    """One request about one exhibit."""

    desk: Desk
    request: Request
    card: ExhibitCard
    exhibit: Exhibit

    def map(self, name: str) -> MapCard:
        """The card of a map by its name."""
        return _known("map", name, self.card.maps)

    def column(self, name: str) -> ColumnCard:
        """The card of a column by its name."""
        return _known("column", name, self.card.columns)

    def way(self, name: str) -> None:
        """Refuse a way to travel that is on no card."""
        _known("way to travel", name, self.card.ways)

    def need(self, ability: str) -> None:
        """Refuse what this exhibit cannot do, in the card's own words."""
        found = self.card.abilities.get(ability)
        if found is None or not found.possible:
            why, hint = (found.why, found.hint) if found else ("", "")
            raise RefusedError(409, why or f"this run has no {ability} to show", hint)

    def rows(self, rows: Iterable[int]) -> None:
        """Refuse rows that the exhibit does not have."""
        if any(row >= self.card.n for row in rows):
            raise RefusedError(422, f"there are {self.card.n} samples, counted from 0")

    def room(self, n_images: int, side: int | None = None) -> None:
        """Refuse more pixels than one answer may hold."""
        channels, height, width = self.card.image_shape or (3, 64, 64)
        if side is not None:
            height, width = min(height, side), min(width, side)
        if n_images * channels * height * width > MOST_BYTES:
            most = MOST_BYTES // (channels * height * width)
            raise RefusedError(422, f"{n_images} images are too many at once", f"at most {most}")

    async def read(self, work: Callable[[], Any]) -> Any:
        """Look something up, beside other readers."""
        return await self.desk.reading.ask(work, gone=self.gone)

    async def load(self, work: Callable[[], Any]) -> Any:
        """Show images as they are; the first waits until they are loaded, other readers do not."""
        return await self.desk.loading.ask(work, gone=self.gone)

    async def remake(self, work: Callable[[], Any]) -> Any:
        """Show images as the model has them, beside whatever is worked out."""
        return await self.desk.remaking.ask(work, gone=self.gone)

    async def travel(self, work: Callable[[], Any]) -> Any:
        """Travel or film, one journey at a time; a way may be searched for long."""
        return await self.desk.travelling.ask(work, gone=self.gone)

    async def make(self, work: Callable[[], Any]) -> Any:
        """Work something out, one thing at a time."""
        return await self.desk.making.ask(work, gone=self.gone)

    async def decode(self, latents: Callable[[], Any], viewer: str | None = None) -> Decoded:
        """Have latents decoded; a viewer's newer wish takes the place of its older one."""
        address = self.request.client.host if self.request.client else ""
        who = f"{address} {viewer}" if viewer else ""
        return await self.desk.decoders[self.card.key].ask(latents, viewer=who, gone=self.gone)

    async def gone(self) -> None:
        """Returns when nobody waits for the answer any more."""
        await gone(self.request)


def _known(what: str, name: str, cards: Iterable[Any]) -> Any:
    found = {card.name: card for card in cards}
    if name not in found:
        raise RefusedError(404, f"there is no {what} {name!r} here", nearest(name, found))
    return found[name]


async def gone(request: Request) -> None:
    """Returns when nobody waits for a request's answer any more."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def desk(request: Request) -> Desk:
    """The desk of the app that a request came to."""
    return request.app.state.desk


async def asked(key: Annotated[str, Path(max_length=20)], request: Request) -> Asked:
    """The request, once its exhibit is found."""
    at = desk(request)
    cards = at.cards
    if key not in cards:
        raise RefusedError(404, f"there is no exhibit {key!r}", f"known: {', '.join(cards)}")
    return Asked(at, request, cards[key], at.exhibits[key])


AskedNow = Annotated[Asked, Depends(asked)]
