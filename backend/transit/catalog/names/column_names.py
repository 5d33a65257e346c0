"""The recognised formats of catalogues: their names for our columns, and their labels."""

# A table in exotrain's own format does not say which survey it comes from.
OWN_FORMAT = "exotrain"

# Ours ← the names in a table's header, compared as `plain_name` has them; the first that the table
# has is used.
# Other columns are never read: archive tables carry their disposition in some of them too
# (koi_score, koi_pdisposition, koi_fpflag_*, kepler_name, dates), and a network that sees the
# disposition learns nothing else.
_PLANETS = {
    "period": ("pl_orbper",),
    "duration": ("pl_trandur",),
    "depth": ("pl_trandep",),
    "impact": ("pl_imppar",),
    "steff": ("st_teff",),
    "srad": ("st_rad",),
    "slogg": ("st_logg",),
}
FORMATS: dict[str, dict[str, tuple[str, ...]]] = {
    OWN_FORMAT: {
        "period": ("period", "orbital_period"),
        "duration": ("duration", "transit_duration"),
        "depth": ("depth", "transit_depth"),
        "impact": ("impact", "impact_parameter"),
        "snr": ("snr", "model_snr", "signal_to_noise", "signal_to_noise_ratio"),
        "steff": (
            "steff",
            "teff",
            "stellar_teff",
            "stellar_temperature",
            "stellar_effective_temperature",
            "effective_temperature",
        ),
        "srad": ("srad", "stellar_radius"),
        "slogg": ("slogg", "logg", "stellar_logg", "surface_gravity", "stellar_surface_gravity"),
        "tmag": ("tmag", "kepmag", "tess_mag", "tess_magnitude", "kepler_magnitude"),
        "label": ("label", "disposition"),
        "star": ("star", "kepid", "tid", "tic_id", "tic", "kic", "star_id"),
    },
    "koi": {
        "period": ("koi_period",),
        "duration": ("koi_duration",),
        "depth": ("koi_depth",),
        "impact": ("koi_impact",),
        "snr": ("koi_model_snr",),
        "steff": ("koi_steff",),
        "srad": ("koi_srad",),
        "slogg": ("koi_slogg",),
        "tmag": ("koi_kepmag",),
        "label": ("koi_disposition",),
        "star": ("kepid",),
    },
    "toi": {
        "period": ("pl_orbper",),
        "duration": ("pl_trandurh",),
        "depth": ("pl_trandep",),
        "steff": ("st_teff",),
        "srad": ("st_rad",),
        "slogg": ("st_logg",),
        "tmag": ("st_tmag",),
        "label": ("tfopwg_disp",),
        "star": ("tid",),
    },
    "exofop": {
        "period": ("Period (days)",),
        "duration": ("Duration (hours)",),
        "depth": ("Depth (ppm)",),
        "snr": ("Planet SNR",),
        "steff": ("Stellar Teff (K)", "Stellar Eff Temp (K)"),
        "srad": ("Stellar Radius (R_Sun)",),
        "slogg": ("Stellar log(g) (cm/s2)",),
        "tmag": ("TESS mag",),
        "label": ("TFOPWG Disposition",),
        "star": ("TIC ID",),
    },
    "tce": {
        "period": ("tce_period",),
        "duration": ("tce_duration",),
        "depth": ("tce_depth",),
        "impact": ("tce_impact",),
        "snr": ("tce_model_snr",),
        "steff": ("tce_steff",),
        "srad": ("tce_sradius",),
        "slogg": ("tce_slogg",),
        "label": ("av_training_set",),
        "star": ("kepid",),
    },
    # The archive's planetary systems, which have no disposition, and its K2 planets and candidates.
    "planets": {
        **_PLANETS,
        "tmag": ("sy_tmag",),
        "star": ("tic_id", "hostname"),
    },
    "k2": {
        **_PLANETS,
        "tmag": ("sy_kepmag", "sy_tmag"),
        "label": ("disposition",),
        "star": ("epic_hostname", "tic_id", "hostname"),
    },
}

# The survey of a format: ExoFOP lists TESS's objects of interest, a TCE is a signal of Kepler's. K2
# saw other fields with the same telescope; its tables that releases up to 0.4.0 read are stored as
# "koi".
SURVEYS = {
    OWN_FORMAT: OWN_FORMAT,
    "koi": "koi",
    "toi": "toi",
    "exofop": "toi",
    "tce": "koi",
    "planets": OWN_FORMAT,
    "k2": "k2",
}

# A survey's band of the magnitude, and so of the limb darkening; our own format counts as TESS.
BANDS = {OWN_FORMAT: "tess", "koi": "kepler", "k2": "kepler", "toi": "tess"}

# Compared in lower case, `_` as a space.
LABEL_WORDS = {
    **dict.fromkeys(("0", "0.0", "candidate", "planet candidate", "pc", "apc"), 0),
    **dict.fromkeys(("1", "1.0", "confirmed", "confirmed planet", "known planet", "cp", "kp"), 1),
    **dict.fromkeys(
        (
            "2",
            "2.0",
            "false positive",
            "falsepositive",
            "false alarm",
            "refuted",
            "fp",
            "fa",
            "afp",
            "ntp",
        ),
        2,
    ),
}

# What programs and people write for a missing value, compared in lower case.
MISSING_WORDS = frozenset(
    {
        *("", "nan", "na", "n/a", "<na>", "n.a.", "null", "none", "masked", "#n/a", "#nv", "\\n"),
        *("-", "--", "---", "\N{EN DASH}", "\N{EM DASH}", "\N{MINUS SIGN}", ".", "...", "…"),
        *("'-", "'--", "'---"),  # in the answer of a batch, where nothing begins like a formula
    }
)


def band(source: str) -> str:
    """The photometric band, "kepler" or "tess", of a catalogue of this survey."""
    return BANDS[source]
