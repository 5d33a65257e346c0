"""What is read of a file: star, times, flux, exposure; what cannot be known is refused in words."""

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

from backend.light_curves.child.reading import Said, read
from backend.tables.child.limits import NotReadable
from backend.transit.catalog.cells import read_stars
from tests.light_curves import files
from tests.light_curves.files import REAL, csv, flux_of, needs_real_curves, table_of, tess, times

pytestmark = pytest.mark.filterwarnings("ignore")

NOTHING = Said()


def read_bytes(tmp_path, content, name="curve", said=NOTHING):
    """All that is in a file of these bytes."""
    path = tmp_path / "sent"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read(path, name, said)


def one(tmp_path, content, name="curve", said=NOTHING):
    """The only star and segment of a file."""
    [(star, segment)] = read_bytes(tmp_path, content, name, said).segments
    return star, segment


def refusal(tmp_path, content, name="TIC 1", said=NOTHING):
    with pytest.raises(NotReadable) as caught:
        read_bytes(tmp_path, content, name, said)
    return str(caught.value)


@needs_real_curves
@pytest.mark.archive
class TestFilesOfTheMissions:
    @pytest.mark.parametrize(
        ("name", "star", "mission", "part", "points", "exposure_minutes"),
        [
            ("kplr011442793-2009350155506_llc.fits", "11442793", "kepler", "quarter 3", 4134, 29.4),
            ("kplr011442793-2010009091648_llc.fits", "11442793", "kepler", "quarter 4", 1008, 29.4),
            ("kplr011442793-2010174085026_llc.fits", "11442793", "kepler", "quarter 5", 4486, 29.4),
            ("tess2018234235059-s0002-0000000402026209-0121-s_lc.fits", "402026209", "tess",
             "sector 2", 18316, 2.0),
        ],
    )  # fmt: skip
    def test_star_segment_and_exposure_are_those_of_the_header(
        self, name, star, mission, part, points, exposure_minutes
    ):
        [(found, segment)] = read(REAL / name, name, Said()).segments
        assert (found, segment.mission, segment.name) == (star, mission, part)
        assert len(segment.time) == points
        assert segment.exposure * 1440 == pytest.approx(exposure_minutes, abs=0.05)
        assert np.isfinite(segment.flux).all()

    @pytest.mark.parametrize(
        ("name", "middle", "depth"),
        [
            ("kplr011442793-2010009091648_llc.fits", 2454833 + 357.64, 4000e-6),
            ("kplr011442793-2010174085026_llc.fits", 2454833 + 472.10, 8400e-6),
            ("tess2018234235059-s0002-0000000402026209-0121-s_lc.fits", 2457000 + 1355.17, 0.0276),
        ],
    )
    def test_the_transits_are_where_the_literature_has_them(self, name, middle, depth):
        [(_, segment)] = read(REAL / name, name, Said()).segments
        away = np.abs(segment.time - middle)
        within = np.median(segment.flux[away < 0.02])
        around = np.median(segment.flux[(away > 0.5) & (away < 1.0)])
        assert 1 - within / around == pytest.approx(depth, rel=0.15)


class TestFits:
    def test_the_numbers_are_those_of_the_file_in_bjd(self, tmp_path):
        star, segment = one(tmp_path, tess())
        np.testing.assert_array_equal(segment.time, times() + 2457000)
        np.testing.assert_array_equal(segment.flux, flux_of().astype(np.float32))
        assert segment.error.tolist() == [2.0] * files.POINTS
        assert segment.quality.tolist() == [i % 3 for i in range(files.POINTS)]
        assert segment.quality.dtype == np.int32
        assert (star, segment.mission, segment.name) == ("402026209", "tess", "sector 2")
        assert segment.exposure == pytest.approx(1200 / 86400)

    def test_the_time_on_source_of_a_whole_sector_is_no_exposure(self, tmp_path):
        changes = {"FRAMETIM": None, "TIMEDEL": None, "INT_TIME": None}
        assert np.isnan(one(tmp_path, tess(changes=changes))[1].exposure)

    def test_the_exposure_is_that_of_all_frames_with_what_is_between_them(self, tmp_path):
        _, segment = one(tmp_path, tess(changes={"TIMEDEL": None}))
        assert segment.exposure == pytest.approx(600 * 2.0 / 86400)
        _, segment = one(tmp_path, tess(changes={"TIMEDEL": None, "FRAMETIM": None}))
        assert segment.exposure == pytest.approx(600 * 1.98 / 86400)

    def test_without_corrected_flux_the_raw_one_is_read(self, tmp_path):
        nothing = np.full(files.POINTS, np.nan, np.float32)
        _, segment = one(tmp_path, tess(changes={"PDCSAP_FLUX": nothing}))
        np.testing.assert_allclose(segment.flux, flux_of() * 1.1, rtol=1e-6)

    def test_qlp_is_read_by_its_own_names_and_its_file(self, tmp_path):
        columns = {"TIME": times(), "SAP_FLUX": flux_of(2), "KSPSAP_FLUX": flux_of(3) / 1000}
        columns |= {"QUALITY": np.zeros(files.POINTS, np.int64)}
        hdu = table_of(columns, BJDREFI=2457000, BJDREFF=0.0)
        name = "hlsp_qlp_tess_ffi_s0014-0000000260647166_tess_v01_llc.fits"
        star, segment = one(tmp_path, files.bytes_of([fits.PrimaryHDU(), hdu]), name)
        assert (star, segment.mission, segment.name) == ("260647166", "tess", "sector 14")
        np.testing.assert_array_equal(segment.flux, flux_of(3) / 1000)
        columns["DET_FLUX"] = columns.pop("KSPSAP_FLUX")
        hdu = table_of(columns, BJDREFI=2457000)
        _, segment = one(tmp_path, files.bytes_of([fits.PrimaryHDU(), hdu]), name)
        np.testing.assert_array_equal(segment.flux, flux_of(3) / 1000)

    def test_k2_is_its_own_mission_with_campaigns(self, tmp_path):
        changes = {"TELESCOP": "Kepler", "MISSION": "K2", "CAMPAIGN": 3, "TICID": None}
        changes |= {"OBJECT": "EPIC 206103150", "KEPLERID": 206103150, "BJDREFI": 2454833}
        star, segment = one(tmp_path, tess(changes=changes))
        assert (star, segment.mission, segment.name) == ("206103150", "k2", "campaign 3")
        assert segment.time[0] == 2454833 + 1355

    def test_any_table_with_a_time_and_a_flux_is_read(self, tmp_path):
        other = table_of({"x": np.arange(3.0)})
        ours = table_of({"BJD_TDB": times() + 2457000, "Flux": flux_of()}, OBJECT="WASP-4")
        star, segment = one(tmp_path, files.bytes_of([fits.PrimaryHDU(), other, ours]))
        assert (star, segment.mission) == ("WASP-4", "")
        assert segment.time[0] == 2458355
        assert np.isnan(segment.error).all()
        assert not segment.quality.any()

    def test_an_epoch_of_the_header_in_mjd_is_used(self, tmp_path):
        hdu = table_of({"TIME": times(), "FLUX": flux_of()}, MJDREFI=57000, OBJECT="TIC 5")
        _, segment = one(tmp_path, files.bytes_of([fits.PrimaryHDU(), hdu]))
        assert segment.time[0] == 2457000.5 + 1355

    def test_of_several_tables_of_the_same_times_the_first_is_read(self, tmp_path):
        hdus = [table_of({"T": times(), "FCOR": flux_of(i)}, BJDREFI=2454833) for i in (1, 2)]
        found = read_bytes(tmp_path, files.bytes_of([fits.PrimaryHDU(), *hdus]), "EPIC 7")
        [(_, segment)] = found.segments
        np.testing.assert_array_equal(segment.flux, flux_of(1))
        assert "the first one was taken" in found.notes[0]


class TestStars:
    @pytest.mark.parametrize(
        ("name", "as_in_tables"),
        [
            ("kplr011442793-2009350155506_llc.csv", "KIC 11442793"),
            ("ktwo206103150-c03_llc.csv", "EPIC 206103150"),
            ("tess2018234235059-s0002-0000000402026209-0121-s_lc.csv", "TIC 402026209"),
            ("my/folder/TIC_402026209_sector2.txt", "402026209"),
            ("tic0402026209.dat", "TIC 402026209"),
            ("0011442793.csv", "11442793"),
            ("WASP-4.csv.gz", "WASP-4"),
        ],
    )
    def test_a_name_of_a_file_is_the_star_of_the_tables_column(self, tmp_path, name, as_in_tables):
        expected = read_stars([as_in_tables])[0][0].decode()
        assert one(tmp_path, csv(), name)[0] == expected

    def test_the_header_comes_before_the_name_and_the_upload_before_both(self, tmp_path):
        assert one(tmp_path, tess(), "TIC 77")[0] == "402026209"
        assert one(tmp_path, tess(), "TIC 77", Said(star="TIC 0088"))[0] == "88"

    def test_a_comment_names_the_star(self, tmp_path):
        assert one(tmp_path, "# Target: TIC 0012345\n" + csv(), "TIC 9")[0] == "12345"
        assert "name 2 stars" in refusal(tmp_path, "# TIC 1 or TIC 2\n" + csv())

    def test_a_column_names_the_stars_and_parts_them(self, tmp_path):
        lines = csv("").splitlines()
        rows = [f"TIC {1 + i % 2},{line}" for i, line in enumerate(lines)]
        content = "\n".join(["tic_id,BTJD,flux,error,quality", *rows])
        (first, even), (second, odd) = read_bytes(tmp_path, content).segments
        assert (first, second) == ("1", "2")
        assert even.time[0] == 2458355
        assert odd.time[0] == pytest.approx(2458355.02)
        assert len(even.time) == len(odd.time) == files.POINTS // 2

    def test_a_column_names_the_quarters_and_parts_them(self, tmp_path):
        lines = csv("").splitlines()
        rows = [f"{line},{3 + 2 * i // len(lines)}" for i, line in enumerate(lines)]
        content = "\n".join(["BKJD,flux,error,quality,Quarter", *rows])
        segments = [each for _, each in read_bytes(tmp_path, content).segments]
        assert [each.name for each in segments] == ["quarter 3", "quarter 4"]

    def test_a_header_that_names_two_stars_is_refused(self, tmp_path):
        assert "names two stars" in refusal(tmp_path, tess(changes={"OBJECT": "TIC 5"}))

    def test_tables_of_two_stars_in_one_file_are_refused(self, tmp_path):
        hdus = [
            table_of({"TIME": times(), "FLUX": flux_of()}, BJDREFI=2457000, TICID=star)
            for star in (5, 6)
        ]
        said = refusal(tmp_path, files.bytes_of([fits.PrimaryHDU(), *hdus]))
        assert "light curves of 2 stars ('5', '6')" in said

    def test_two_stars_without_a_column_are_told_by_their_times(self, tmp_path):
        both = csv() + csv("", seed=2)
        assert "points of two stars" in refusal(tmp_path, both)


class TestText:
    @pytest.mark.parametrize("separator", [",", ";", "\t", "|", " ", "   "])
    def test_any_separator(self, tmp_path, separator):
        header = separator.join(["BTJD", "flux", "error", "quality"])
        _, segment = one(tmp_path, csv(header, separator=separator))
        np.testing.assert_allclose(segment.time, times() + 2457000, rtol=0, atol=1e-6)
        np.testing.assert_allclose(segment.flux, flux_of(), rtol=0, atol=1e-4)
        assert segment.error[0] == 2.0

    def test_a_decimal_comma_between_semicolons(self, tmp_path):
        content = csv("BTJD;flux;error;quality", separator=";").replace(".", ",")
        np.testing.assert_allclose(one(tmp_path, content)[1].flux, flux_of(), atol=1e-4)

    def test_without_a_header_the_order_says_it(self, tmp_path):
        content = csv("", start=2458355.0)
        assert one(tmp_path, content)[1].time[0] == 2458355
        assert "no header" in refusal(tmp_path, content.replace(",0\n", ",0,1,2\n"))

    def test_a_header_in_a_comment(self, tmp_path):
        content = "# made by hand\n# BTJD flux error quality\n" + csv("", separator=" ")
        assert one(tmp_path, content)[1].time[0] == 2458355

    def test_gaps_are_left_out(self, tmp_path):
        lines = csv().splitlines()
        lines[3] = "1355.04,nan,2.0,0"
        lines[4] = "1355.06,,2.0,0"
        lines[5] = "null,1000,,0"
        assert len(one(tmp_path, "\n".join(lines))[1].time) == files.POINTS - 3

    def test_ecsv_with_units_and_a_header(self, tmp_path):
        table = Table({"time": times(), "flux": flux_of(), "flux_err": np.full(files.POINTS, 3.0)})
        table["time"].unit = "d"
        table.meta |= {"BJDREFI": 2457000, "OBJECT": "TIC 31", "TELESCOP": "TESS", "SECTOR": 4}
        table.write(tmp_path / "x.ecsv", format="ascii.ecsv")
        star, segment = one(tmp_path, (tmp_path / "x.ecsv").read_bytes())
        assert (star, segment.name, segment.time[0]) == ("31", "sector 4", 2458355)
        assert segment.error[0] == 3.0

    def test_what_is_no_light_curve_is_refused_with_its_columns(self, tmp_path):
        assert "Its columns are 'period', 'depth'" in refusal(tmp_path, "period,depth\n3.5,500\n")
        assert "no rows of numbers" in refusal(tmp_path, "Please find attached\n")
        assert "empty" in refusal(tmp_path, "")
        assert "PDF" in refusal(tmp_path, b"%PDF-1.4 x")
        assert "neither FITS nor text" in refusal(tmp_path, b"abc\x00\x01\x02")

    def test_lines_of_different_length_are_refused(self, tmp_path):
        said = refusal(tmp_path, csv() + "1,2,3,4,5,6\n")
        assert "differ in their number of columns" in said


class TestTimes:
    @pytest.mark.parametrize(
        ("column", "start", "bjd"),
        [
            ("BJD", 2458355.0, 2458355.0),
            ("time", 2458355.0, 2458355.0),
            ("BKJD", 355.0, 2455188.0),
            ("time_bkjd", 355.0, 2455188.0),
            ("Time [BTJD]", 1355.0, 2458355.0),
            ("BJD - 2457000", 1355.0, 2458355.0),
            ("MJD", 58354.5, 2458355.0),
        ],
    )
    def test_the_name_of_the_column_says_it(self, tmp_path, column, start, bjd):
        content = csv(f"{column},flux,error,quality", start=start)
        assert one(tmp_path, content)[1].time[0] == pytest.approx(bjd, abs=1e-6)

    @pytest.mark.parametrize(
        ("said", "start", "bjd"),
        [("BKJD", 355.0, 2455188.0), ("btjd", 1355.0, 2458355.0), ("MJD", 58354.5, 2458355.0),
         ("BJD", 2458355.0, 2458355.0), ("BJD - 2450000", 8355.0, 2458355.0)],
    )  # fmt: skip
    def test_the_upload_says_it(self, tmp_path, said, start, bjd):
        content = csv("time,flux,error,quality", start=start)
        found = one(tmp_path, content, said=Said(time=said))[1]
        assert found.time[0] == pytest.approx(bjd, abs=1e-6)

    def test_the_mission_of_the_files_name_says_it(self, tmp_path):
        content = csv("time,flux,error,quality", start=355.0)
        assert one(tmp_path, content, "kplr011442793.csv")[1].time[0] == 2455188

    @pytest.mark.parametrize("start", [355.0, 1355.0, 58354.5, 0.0])
    def test_what_cannot_be_known_is_refused_with_what_to_do(self, tmp_path, start):
        said = refusal(tmp_path, csv("time,flux,error,quality", start=start))
        assert "not known from which day" in said
        assert "Say at the upload" in said

    def test_what_cannot_be_true_is_refused(self, tmp_path):
        content = csv("time,flux,error,quality", start=2458355.0)
        assert "cannot be right" in refusal(tmp_path, content, said=Said(time="BKJD"))
        assert "Expected BJD" in refusal(tmp_path, content, said=Said(time="UTC"))


class TestFlux:
    def test_magnitudes_by_name_are_converted_and_it_is_told(self, tmp_path):
        lines = [f"{t},{12 + m},0.001" for t, m in zip(times(), flux_of() / 1e3 - 1, strict=True)]
        content = "\n".join(["BTJD,mag,mag_err", *lines])
        found = read_bytes(tmp_path, content, "TIC 3")
        [(_, segment)] = found.segments
        expected = 10 ** (-0.4 * (flux_of() / 1e3 - 1 - np.median(flux_of() / 1e3 - 1)))
        np.testing.assert_allclose(segment.flux, expected, rtol=1e-9)
        np.testing.assert_allclose(segment.error, 0.000921 * segment.flux, rtol=1e-3)
        assert "Magnitudes were converted" in found.notes[0]

    def test_what_looks_like_magnitudes_is_never_taken_silently(self, tmp_path):
        lines = [f"{t},{12 + m}" for t, m in zip(times(), flux_of() / 1e3 - 1, strict=True)]
        content = "\n".join(["BTJD,flux", *lines])
        assert "looks like magnitudes" in refusal(tmp_path, content)
        as_flux = one(tmp_path, content, "TIC 3", Said(flux="flux"))[1]
        assert np.median(as_flux.flux) == pytest.approx(12, abs=0.01)
        converted = one(tmp_path, content, "TIC 3", Said(flux="magnitudes"))[1]
        assert np.median(converted.flux) == pytest.approx(1, abs=1e-6)

    def test_relative_flux_minus_one_must_be_said(self, tmp_path):
        lines = [f"{t},{f / 1000 - 1}" for t, f in zip(times(), flux_of(), strict=True)]
        content = "\n".join(["BTJD,flux", *lines])
        assert "`minus one` at the upload" in refusal(tmp_path, content)
        segment = one(tmp_path, content, said=Said(flux="minus one"))[1]
        np.testing.assert_allclose(segment.flux, flux_of() / 1000, rtol=1e-9)

    def test_another_word_is_refused(self, tmp_path):
        assert "Expected one of flux" in refusal(tmp_path, csv(), said=Said(flux="counts"))
