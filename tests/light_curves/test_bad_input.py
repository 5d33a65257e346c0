"""Files that lie, break off, hold nothing, or are made to do harm: each is named, with why."""

import gzip
import io
import os
import sys
import tarfile
import zipfile

import numpy as np
import pytest
from astropy.io import fits

from backend.light_curves.child import sizes
from backend.light_curves.child.archives import items
from backend.light_curves.reader import CurveReader
from backend.storage.curve_sets.versions import open_version
from backend.tables import children
from tests.light_curves import files
from tests.light_curves.files import csv, flux_of, table_of, tar_of, tess, times, zip_of
from tests.light_curves.test_reading import one, read_bytes, refusal

pytestmark = pytest.mark.filterwarnings("ignore")


class TestFits:
    @pytest.mark.parametrize(
        ("rows", "says"),
        [
            (b"100000000000000", b"cut off"),
            (b"           4000", b"cut off"),
            (b"             -4", b"negative size"),
        ],
    )
    def test_a_header_that_lies_about_its_size(self, tmp_path, rows, says):
        content = tess()
        old = b"NAXIS2  =                  100"
        assert old in content
        lied = content.replace(old, b"NAXIS2  =      " + rows)
        assert says.decode() in refusal(tmp_path, lied)

    @pytest.mark.parametrize("share", [0.3, 0.6, 0.8])
    def test_a_file_that_is_cut_off(self, tmp_path, share):
        content = tess(points=2000)
        said = refusal(tmp_path, content[: int(share * len(content))])
        assert "cut off" in said

    def test_compressed_images_are_passed_over(self, tmp_path):
        image = fits.CompImageHDU(np.zeros((64, 64), np.int16), compression_type="RICE_1")
        table = table_of({"TIME": times(), "FLUX": flux_of()}, BJDREFI=2457000, TICID=8)
        content = files.bytes_of([fits.PrimaryHDU(), image, table])
        assert one(tmp_path, content)[0] == "8"
        only_images = files.bytes_of([fits.PrimaryHDU(), image])
        assert "No light curve was found" in refusal(tmp_path, only_images)

    def test_a_compressed_table_is_named_with_what_to_do(self, tmp_path):
        table = table_of({"TIME": times(), "FLUX": flux_of()}, ZTABLE=True)
        content = files.bytes_of([fits.PrimaryHDU(), table])
        assert "funpack" in refusal(tmp_path, content)

    def test_ten_million_rows_are_refused_by_what_the_header_says(self, tmp_path):
        table = table_of({"TIME": times(), "FLUX": flux_of()}, BJDREFI=2457000, TICID=8)
        content = files.bytes_of([fits.PrimaryHDU(), table])
        content = content.replace(
            b"NAXIS2  =                  100", b"NAXIS2  =             10000000"
        )
        path = tmp_path / "sent"
        path.write_bytes(content)
        os.truncate(path, 10_000_000 * 16 + 10_000)  # a sparse file: no blocks are written
        with pytest.raises(Exception, match="10,000,000 points; at most 5,000,000"):
            read_bytes_of_path(path)

    def test_a_column_of_words_is_no_flux(self, tmp_path):
        words = np.array([b"bright"] * files.POINTS)
        table = table_of({"TIME": times(), "FLUX": words}, BJDREFI=2457000)
        content = files.bytes_of([fits.PrimaryHDU(), table])
        assert "holds no numbers" in refusal(tmp_path, content)


def read_bytes_of_path(path):
    from backend.light_curves.child.reading import Said, read

    return read(path, "TIC 8", Said())


class TestNumbers:
    def test_no_finite_time(self, tmp_path):
        nothing = np.full(files.POINTS, np.nan)
        assert "No point has a time" in refusal(tmp_path, tess(changes={"TIME": nothing}))

    def test_no_finite_flux(self, tmp_path):
        nothing = np.full(files.POINTS, np.nan, np.float32)
        changes = {"PDCSAP_FLUX": nothing, "SAP_FLUX": nothing}
        assert "Only 0 points" in refusal(tmp_path, tess(changes=changes))

    def test_infinities_and_the_largest_numbers_are_gaps(self, tmp_path):
        flux = flux_of().astype(np.float32)
        flux[:3] = [np.inf, -np.inf, 3e38]
        _, segment = one(tmp_path, tess(changes={"PDCSAP_FLUX": flux}))
        assert len(segment.time) == files.POINTS - 3

    def test_constant_flux(self, tmp_path):
        flat = np.full(files.POINTS, 7.0, np.float32)
        assert "7 at every time" in refusal(tmp_path, tess(changes={"PDCSAP_FLUX": flat}))

    def test_unsorted_times_are_sorted_with_all_that_goes_with_them(self, tmp_path):
        order = np.random.default_rng(5).permutation(files.POINTS)
        columns = {"TIME": times()[order], "FLUX": flux_of()[order], "QUALITY": order}
        table = table_of(columns, BJDREFI=2457000, TICID=8)
        found = read_bytes(tmp_path, files.bytes_of([fits.PrimaryHDU(), table]))
        [(_, segment)] = found.segments
        np.testing.assert_array_equal(segment.time, times() + 2457000)
        np.testing.assert_array_equal(segment.flux, flux_of())
        assert segment.quality.tolist() == list(range(files.POINTS))
        assert found.notes == ["The times were not in order: the points were sorted."]

    def test_times_that_stand_twice_with_the_same_flux_count_once(self, tmp_path):
        columns = {"TIME": np.repeat(times(), 2), "FLUX": np.repeat(flux_of(), 2)}
        table = table_of(columns, BJDREFI=2457000, TICID=8)
        found = read_bytes(tmp_path, files.bytes_of([fits.PrimaryHDU(), table]))
        assert len(found.segments[0][1].time) == files.POINTS
        assert found.notes == [f"{files.POINTS} points stand twice: one of each was kept."]

    def test_ten_million_lines_are_refused_before_all_are_read(self, tmp_path, monkeypatch):
        monkeypatch.setattr(sizes, "MAX_POINTS", 300_000)
        assert "at most 300,000" in refusal(tmp_path, "BTJD,flux\n" + "1355,1.5\n" * 500_000)

    def test_too_few_points(self, tmp_path):
        assert "Only 19 points" in refusal(tmp_path, csv(points=19))


class TestArchives:
    def test_one_wrong_file_among_hundreds_is_named_and_the_others_are_taken(self, send, tmp_path):
        members = {f"lc/tic{i}.fits": tess(star=i, seed=i) for i in range(1, 200)}
        members["lc/tic77.fits"] = members["lc/tic77.fits"][:4000]
        done = send({"many.zip": zip_of(members, tmp_path / "x")})
        assert done.version.segments == 198
        [wrong] = [each for each in done.outcomes if each.status != "taken"]
        assert wrong.file == "many.zip/lc/tic77.fits"
        assert wrong.status == "refused"
        assert "cut off" in wrong.why

    @pytest.mark.parametrize("mode", ["w", "w:gz"])
    def test_a_tar_archive(self, send, tmp_path, mode):
        members = {"a/1.csv": csv().encode(), "readme.txt": b"Hello there", "2.fits": tess()}
        done = send({"x.tar": tar_of(members, tmp_path / "x", mode)})
        assert [each.status for each in done.outcomes] == ["taken", "refused", "taken"]
        assert open_version(tmp_path / "set", done.version).stars() == ["1", "402026209"]

    @pytest.mark.parametrize("name", ["../../evil.csv", "/etc/evil.csv", "C:\\evil.csv", "a/../b"])
    def test_names_that_lead_out_are_refused_and_nothing_is_written_there(
        self, send, tmp_path, name
    ):
        members = {name: csv().encode(), "TIC 2.csv": csv().encode()}
        for path in (zip_of(members, tmp_path / "z"), tar_of(members, tmp_path / "t")):
            done = send({"x": path})
            assert "leads out of the archive" in done.outcomes[0].why
            assert done.outcomes[1].stars == ["2"] or done.outcomes[1].status == "repeated"
        assert not list(tmp_path.parent.glob("evil*"))

    def test_links_and_devices_are_not_followed(self, send, tmp_path):
        with tarfile.open(tmp_path / "t", "w") as archive:
            for name, kind in (("a", tarfile.SYMTYPE), ("b", tarfile.LNKTYPE)):
                info = tarfile.TarInfo(name)
                info.type, info.linkname = kind, "/etc/passwd"
                archive.addfile(info)
            info = tarfile.TarInfo("c")
            info.type = tarfile.FIFOTYPE
            archive.addfile(info)
        link = zipfile.ZipInfo("d")
        link.external_attr = 0o120777 << 16
        with zipfile.ZipFile(tmp_path / "z", "w") as archive:
            archive.writestr(link, "/etc/passwd")
        done = send({"t": tmp_path / "t", "z": tmp_path / "z"})
        reasons = [each.why for each in done.outcomes]
        assert ["is a link" in why for why in reasons] == [True, True, False, True]
        assert "a device or a pipe" in reasons[2]

    def test_an_archive_in_an_archive_is_refused(self, send, tmp_path):
        inner = zip_of({"TIC 1.csv": csv().encode()}, tmp_path / "i").read_bytes()
        tar = tar_of({"TIC 1.csv": csv().encode()}, tmp_path / "j").read_bytes()
        members = {"inner.zip": inner, "inner.tar": tar, "TIC 5.csv": csv().encode()}
        done = send({"x.zip": zip_of(members, tmp_path / "x")})
        assert ["archive in an archive" in each.why for each in done.outcomes] == [
            True,
            True,
            False,
        ]
        assert done.version.stars == 1

    def test_a_bomb_is_refused_by_what_it_says(self, send, tmp_path):
        members = {"bomb.csv": bytes(400 << 20), "TIC 5.csv": csv().encode()}
        done = send({"x.zip": zip_of(members, tmp_path / "x")})
        assert "was not unpacked" in done.outcomes[0].why
        assert done.outcomes[1].status == "taken"

    def test_a_bomb_that_says_nothing_is_stopped_as_it_grows(self, send, tmp_path):
        done = send({"x.csv.gz": gzip.compress(bytes(300 << 20))})
        assert "100 times its size" in done.outcomes[0].why

    def test_an_archive_of_many_bombs_is_stopped_as_a_whole(self, tmp_path, monkeypatch):
        monkeypatch.setattr("backend.light_curves.child.unpacking._MORE_UNPACKED", 0)
        members = {f"{i}.csv": bytes(1 << 20) for i in range(50)}
        path = zip_of(members, tmp_path / "x")
        source = {"path": str(path), "name": "x.zip"}
        found = list(items([source], (0, 0), tmp_path, lambda *_: None))
        assert found[-1].is_of_archive
        assert "the rest of it was not read" in found[-1].why
        assert len(found) < 20

    def test_ten_thousand_tiny_files(self, send, tmp_path):
        members = {f"{i}.txt": b"nothing" for i in range(10_000)}
        members["TIC 5.csv"] = csv().encode()
        done = send({"x.zip": zip_of(members, tmp_path / "x")})
        assert len(done.outcomes) == 10_001
        assert done.version.segments == 1

    @pytest.mark.parametrize("mode", ["w", "w:gz"])
    def test_a_tar_archive_that_is_cut_off_gives_what_came_before(self, send, tmp_path, mode):
        members = {f"TIC {i}.fits": tess(star=i, seed=i, points=400) for i in range(1, 9)}
        content = tar_of(members, tmp_path / "x", mode).read_bytes()
        done = send({"x": content[: len(content) * 6 // 10]})
        assert done.outcomes[0].status == "taken"
        assert done.outcomes[-1].is_of_archive
        assert done.outcomes[-1].file == "x"
        assert "cut off" in done.outcomes[-1].why

    def test_a_tar_archive_without_its_end_is_told(self, send, tmp_path):
        members = {"TIC 1.csv": csv().encode(), "TIC 2.csv": csv(seed=2).encode()}
        content = tar_of(members, tmp_path / "x").read_bytes()
        one_member = 512 + -(-len(members["TIC 1.csv"]) // 512) * 512
        done = send({"x": content[: one_member + 100]})
        assert [each.status for each in done.outcomes] == ["taken", "refused"]
        assert "cut off" in done.outcomes[1].why

    def test_a_zip_archive_that_is_cut_off_is_refused_in_words(self, send, tmp_path):
        content = zip_of({"TIC 1.csv": csv().encode()}, tmp_path / "x").read_bytes()
        done = send({"x.zip": content[:-30]})
        assert "zip archive is damaged or cut off" in done.outcomes[0].why
        assert done.version.segments == 0

    def test_a_member_that_is_damaged_is_named_and_the_others_are_taken(self, send, tmp_path):
        path = tmp_path / "x"
        zip_of({"TIC 1.csv": csv().encode(), "TIC 2.csv": csv(seed=2).encode()}, path)
        content = bytearray(path.read_bytes())
        content[60:70] = bytes(10)
        done = send({"x.zip": bytes(content)})
        assert "is damaged or cut off" in done.outcomes[0].why
        assert done.outcomes[1].stars == ["2"]

    def test_an_encrypted_member_is_told(self, tmp_path):
        content = bytearray(zip_of({"a.csv": b"x"}, tmp_path / "x").read_bytes())
        content[content.rindex(b"PK\x01\x02") + 8] |= 1
        (tmp_path / "x").write_bytes(content)
        source = {"path": str(tmp_path / "x"), "name": "x.zip"}
        [item] = items([source], (0, 0), tmp_path, lambda *_: None)
        assert "encrypted" in item.why

    def test_what_a_mac_adds_is_passed_over(self, send, tmp_path):
        members = {"__MACOSX/._a.csv": b"x", ".DS_Store": b"x", "TIC 2.csv": csv().encode()}
        done = send({"x.zip": zip_of(members, tmp_path / "x")})
        assert [each.file for each in done.outcomes] == ["x.zip/TIC 2.csv"]


class TestChild:
    """What a file does to its reader is no matter of the server's, nor of the other files."""

    @pytest.fixture
    def evil(self, monkeypatch):
        """Puts code in front of the child's reading of files whose name has "evil" in it."""

        def put(code):
            program = (
                "import os, signal, sys, time\n"
                "from backend.light_curves.child import __main__ as child\n"
                "read = child._read\n"
                "def other(item, said, spool):\n"
                "    if 'evil' in item.name:\n"
                f"        {code}\n"
                "    return read(item, said, spool)\n"
                "child._read = other\n"
                "child.main()\n"
            )
            monkeypatch.setattr(children, "_command", lambda _: [sys.executable, "-c", program])

        return put

    @pytest.mark.parametrize(
        ("code", "why"),
        [
            ("os.kill(os.getpid(), signal.SIGSEGV)", "makes its reader crash"),
            ("os.kill(os.getpid(), signal.SIGKILL)", "was killed, twice"),
            ("x = bytearray(1 << 40)", "more than 2,000 MB of memory"),
            ("raise ValueError('no\\nluck')", "cannot be read (ValueError: no luck)"),
        ],
    )
    def test_the_file_is_refused_in_words_and_the_rest_goes_on(
        self, send, tmp_path, evil, code, why
    ):
        evil(code)
        members = {f"TIC {i}.csv": csv(seed=i).encode() for i in range(1, 6)}
        members = dict(list(members.items())[:3]) | {"evil.csv": csv(seed=66).encode()} | members
        done = send({"x.zip": zip_of(members, tmp_path / "x"), "TIC 9.csv": csv(seed=9)})
        [wrong] = [each for each in done.outcomes if each.status == "refused"]
        assert wrong.file == "x.zip/evil.csv"
        assert why in wrong.why
        assert [each.stars[0] for each in done.outcomes if each.status == "taken"] == list("123459")

    def test_a_file_that_takes_too_long_is_refused_and_the_rest_goes_on(
        self, send, reader, evil, monkeypatch
    ):
        monkeypatch.setattr("backend.light_curves.reader._START_SECONDS", 20)
        reader._children.seconds = 2
        evil("time.sleep(600)")
        done = send({"evil.csv": csv(), "TIC 2.csv": csv(seed=2)})
        assert "more than 2 seconds" in done.outcomes[0].why
        assert done.outcomes[1].stars == ["2"]

    def test_files_that_end_every_child_are_given_up(self, send, tmp_path, evil, monkeypatch):
        monkeypatch.setattr("backend.light_curves.reader._MOST_DEATHS", 4)
        evil("os._exit(1)")
        members = {f"evil {i}.csv": csv(seed=i).encode() for i in range(5)}
        done = send({"x.zip": zip_of(members, tmp_path / "x")})
        assert "4 times" in done.outcomes[-1].why
        assert done.version.segments == 0

    def test_its_memory_is_limited(self, tmp_path):
        reader = CurveReader(memory_mb=600, seconds=60)
        path = tmp_path / "TIC 1.csv"
        with open(path, "w") as file:
            file.writelines(f"{2458355 + i * 1e-5:.6f},{1 + i % 7}\n" for i in range(4_000_000))
        reports = []
        from backend.light_curves.reader import Source

        reader.read([Source(path, "TIC 1.csv")], {}, list, reports.append)
        assert "more than 600 MB of memory" in reports[0].why

    def test_nothing_is_left_of_it(self, send, tmp_path, monkeypatch):
        monkeypatch.setattr(children.tempfile, "tempdir", str(tmp_path / "temporary"))
        (tmp_path / "temporary").mkdir()
        send({"TIC 1.csv": csv()})
        assert list((tmp_path / "temporary").iterdir()) == []


def test_no_pipe_is_read_for_a_header(tmp_path):
    # A gzip file that is no tar archive and no light curve.
    made = io.BytesIO()
    with gzip.open(made, "wb") as file:
        file.write(b"hello")
    path = tmp_path / "x"
    path.write_bytes(made.getvalue())
    [item] = items([{"path": str(path), "name": "x.gz"}], (0, 0), tmp_path, lambda *_: None)
    assert item.size == len(made.getvalue())
