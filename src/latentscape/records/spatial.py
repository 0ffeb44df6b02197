"""What latents on a grid look like: channel by channel, and place by place."""

from latentscape.records.measure import Row
from latentscape.records.record import Array, Record


class SpatialStatistics(Record):
    """Statistics of spatial latents, ``c h w`` each.

    Attributes:
        rows: Measures over all channels, then of each channel.
        edges: (c, bins + 1) bounds of each channel's histogram, in the latent's own unit; the
            outermost bins also hold what lies beyond them.
        counts: (c, bins) values in each bin, over all images and places.
        correlation: (c, c) Pearson correlation of channels at the same place of the same image;
            NaN for a channel without spread.
        horizontal, vertical: (c, lags) autocorrelation of each channel over 1, 2, ... places.
        null: (c,) the same, of any lag, if every image's places were shuffled.
        mean_map, std_map: (c, h, w) over images.
    """

    rows: tuple[Row, ...]
    edges: Array
    counts: Array
    correlation: Array
    horizontal: Array
    vertical: Array
    null: Array
    mean_map: Array
    std_map: Array
