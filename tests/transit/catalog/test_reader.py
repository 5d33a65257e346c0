"""Reading catalogues: the forms, the rows that are left out, and the files that are no table."""

import io
import json
import os
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from backend.config import REPOSITORY
from backend.transit.catalog.names.column_names import FORMATS, MISSING_WORDS
from backend.transit.catalog.names.read_as import NOTHING_SAID, ReadAs
from backend.transit.catalog.reader import CatalogError, band, open_catalog
from backend.transit.catalog.rejections import MOST_KEPT, REASONS, RejectionLog, read_rejections
from backend.transit.columns import COLUMNS, FEATURES, RANGES, ROW_DTYPE

ARCHIVE = Path(os.environ.get("EXOTRAIN_ARCHIVE_DATA", REPOSITORY.parent / "shared" / "data"))
HEADER = "period,duration,depth,impact,snr,steff,srad,slogg,tmag,label,star"
ROW = "9.488,2.9575,615.8,0.146,35.8,5455,0.927,4.467,15.347,1,10797460"
VALUES = (9.488, 2.9575, 615.8, 0.146, 35.8, 5455, 0.927, 4.467, 15.347)

needs_archive = pytest.mark.skipif(
    not (ARCHIVE / "koi_cumulative.csv").exists(),
    reason=f"NO ARCHIVE TABLES in {ARCHIVE}: set EXOTRAIN_ARCHIVE_DATA to the folder with "
    "koi_cumulative.csv and toi.csv",
)


def read(text, label_required=True, sink=None, read_as=NOTHING_SAID):
    """The catalogue and all its rows, of text or bytes."""
    stream = io.BytesIO(text if isinstance(text, bytes) else text.encode())
    catalog = open_catalog(
        stream, label_required=label_required, rejection_sink=sink, read_as=read_as
    )
    chunks = list(catalog)
    return catalog, np.concatenate([chunk.rows for chunk in chunks]), chunks


def table(*rows, header=HEADER):
    return "\n".join([header, *rows]) + "\n"


def changed(**cells):
    """ROW with some cells replaced."""
    values = dict(zip(HEADER.split(","), ROW.split(","), strict=True)) | cells
    return ",".join(values.values())


def refused(text, label_required=True):
    with pytest.raises(CatalogError) as caught:
        read(text, label_required)
    return caught.value


def only_rejection(text, label_required=True):
    """The one row that is left out, where another stays."""
    catalog, _, _ = read(text, label_required)
    assert catalog.rejections.total == 1
    return catalog.rejections.first[0]


class TestForms:
    def test_exotrain_format_is_read_in_our_units(self):
        catalog, rows, _ = read(table(ROW))
        assert catalog.source == "exotrain"
        assert rows.dtype == ROW_DTYPE
        assert tuple(rows[0][name] for name in COLUMNS) == VALUES
        assert (rows[0]["label"], rows[0]["star"], rows[0]["line"]) == (1, b"10797460", 2)

    @needs_archive
    @pytest.mark.archive
    def test_the_koi_table_is_read_as_downloaded(self):
        catalog, rows, _ = read((ARCHIVE / "koi_cumulative.csv").read_bytes())
        assert catalog.source == "koi"
        assert band(catalog.source) == "kepler"
        assert len(rows) + catalog.rejections.total == 7657
        assert len(rows) == 7350
        assert dict(catalog.rejections.by_reason) == {
            "missing_value": 305,
            "duration_not_below_period": 1,
            "out_of_range": 1,
        }
        assert np.bincount(rows["label"]).tolist() == [1488, 2224, 3638]
        first = rows[0]
        assert first["line"] == 55
        assert first["star"] == b"10797460"
        assert first["period"] == 9.48803557
        assert first["tmag"] == 15.347
        assert first["label"] == 1

    @needs_archive
    @pytest.mark.archive
    def test_the_toi_table_is_read_without_impact_and_snr(self):
        catalog, rows, _ = read((ARCHIVE / "toi.csv").read_bytes())
        assert catalog.source == "toi"
        assert band(catalog.source) == "tess"
        assert len(rows) + catalog.rejections.total == 3080
        assert set(catalog.columns) == {*COLUMNS, "label", "star"} - {"impact", "snr"}
        assert np.isnan(rows["impact"]).all()
        assert np.isnan(rows["snr"]).all()
        assert rows[0]["depth"] == 656.8860989

    @pytest.mark.parametrize(
        "before", ["[1] Smith et al.", "{see below}", "Period, Duration, Depth, Label"]
    )
    def test_prose_that_begins_like_another_kind_of_file_is_prose(self, before):
        assert len(read(f"{before}\n" + table(ROW))[1]) == 1

    @pytest.mark.parametrize("cell", ["--", "CANDIDATE", "-1"])
    def test_bars_at_both_ends_are_no_other_kind_of_table(self, cell):
        text = f"|note|{HEADER}|\n|{cell}|{ROW}|\n".replace(",", "|")
        assert len(read(text)[1]) == 1

    def test_an_ecsv_table_between_commas_is_read_as_its_comments_were_not_there(self):
        text = "# %ECSV 1.0\n# ---\n# delimiter: ','\n# datatype:\n# - {name: period}\n" + table(
            ROW
        )
        assert len(read(text)[1]) == 1

    def test_names_are_found_in_any_case_and_with_spaces_around(self):
        header = " Period ,DURATION,Depth,impact,snr,steff,srad,slogg,tmag, Label,Star"
        catalog, rows, _ = read(table(ROW, header=header))
        assert len(rows) == 1
        assert catalog.columns["period"] == "Period"

    @pytest.mark.parametrize("form", FORMATS)
    def test_every_name_in_the_table_of_formats_is_recognised(self, form):
        for column, names in FORMATS[form].items():
            for name in names:
                chosen = {ours: each[0] for ours, each in FORMATS[form].items()} | {column: name}
                catalog = open_catalog(
                    io.BytesIO(table(header=",".join(chosen.values())).encode()),
                    label_required="label" in FORMATS[form],
                )
                assert catalog.form == form
                assert catalog.columns[column] == name

    def test_of_two_names_for_a_column_the_first_in_the_table_of_formats_is_read(self):
        text = table("teff,9.5,3,600,5000,0", header="kepid,period,duration,depth,steff,label")
        catalog, rows, _ = read(text.replace("kepid", "teff").replace("teff,9.5", "4000,9.5"))
        assert catalog.columns["steff"] == "steff"
        assert rows["steff"][0] == 5000

    def test_columns_that_reveal_the_disposition_are_never_read(self):
        leaks = "koi_score,koi_pdisposition,koi_fpflag_nt,kepler_name,koi_vet_date"
        header = f"kepid,koi_period,koi_duration,koi_depth,koi_disposition,{leaks}"
        catalog, rows, _ = read(
            table("1,9.5,3,600,CANDIDATE,0.99,CANDIDATE,1,Kepler-1 b,2020-01-01", header=header)
        )
        assert not set(leaks.split(",")) & set(catalog.columns.values())
        other = table("1,9.5,3,600,CANDIDATE,garbage,,,,", header=header)
        assert rows.tobytes() == read(other)[1].tobytes()

    def test_six_columns_may_be_missing_altogether(self):
        _, rows, _ = read(table("9.5,3,600,2", header="period,duration,depth,label"))
        assert all(np.isnan(rows[name][0]) for name in FEATURES)
        assert rows["star"][0] == b""

    @pytest.mark.parametrize("column", FEATURES)
    @pytest.mark.parametrize("word", ["", " ", *sorted(MISSING_WORDS - {""}), "NaN", "N/A"])
    def test_an_optional_value_may_be_missing_in_a_row(self, column, word):
        _, rows, _ = read(table(changed(**{column: word})))
        assert np.isnan(rows[column][0])

    @pytest.mark.parametrize("separator", [";", "\t", "|"])
    def test_semicolons_tabs_and_bars_separate_fields_too(self, separator):
        catalog, rows, _ = read(table(ROW).replace(",", separator))
        assert catalog.delimiter == separator
        assert tuple(rows[0][name] for name in COLUMNS) == VALUES

    def test_beside_semicolons_a_comma_is_a_decimal_point(self):
        _, rows, _ = read(
            table(ROW.replace(",", ";").replace(".", ","), header=HEADER.replace(",", ";"))
        )
        assert tuple(rows[0][name] for name in COLUMNS) == VALUES

    def test_a_comma_and_a_point_in_one_number_are_not_guessed_at(self):
        row = changed(depth="1.61@58").replace(",", ";").replace("@", ",")
        text = table(row, ROW.replace(",", ";"), header=HEADER.replace(",", ";"))
        assert only_rejection(text).reason == "not_a_number"

    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    def test_line_ends_of_every_system_give_the_same_rows_and_lines(self, end):
        _, rows, _ = read(table("# a comment", ROW, "", ROW).replace("\n", end).encode())
        assert rows["line"].tolist() == [3, 5]

    def test_a_carriage_return_at_the_end_of_a_block_is_not_a_line_of_its_own(self, monkeypatch):
        for size in range(1, 40):
            monkeypatch.setattr("backend.transit.catalog.delimited.records.BLOCK_BYTES", size)
            _, rows, _ = read(table(ROW, ROW).replace("\n", "\r\n").encode())
            assert rows["line"].tolist() == [2, 3]

    def test_a_byte_order_mark_is_passed_over(self):
        for start in ("", "# comment\n"):
            _, rows, _ = read(b"\xef\xbb\xbf" + (start + table(ROW)).encode())
            assert rows["period"][0] == VALUES[0]

    def test_comments_and_blank_lines_are_passed_over_and_counted_as_lines(self):
        text = "# one\n\n#two,with,commas\n" + table(ROW, "", "# three", ROW)
        assert read(text)[1]["line"].tolist() == [5, 8]

    def test_the_last_line_needs_no_end(self):
        assert len(read(table(ROW, ROW).rstrip("\n"))[1]) == 2

    @pytest.mark.parametrize("place", ["comment", "unread column", "header"])
    def test_latin_1_bytes_where_nothing_is_read_do_no_harm(self, place):
        text = {
            "comment": "# observé\n" + table(ROW),
            "unread column": table(f"{ROW},Gwenaël", header=f"{HEADER},observer"),
            "header": table(f"{ROW},x", header=f"{HEADER},numéro"),
        }[place]
        _, rows, _ = read(text.encode("latin-1"))
        assert rows["period"][0] == VALUES[0]

    def test_utf_8_lines_beside_latin_1_lines_stay_utf_8(self):
        text = table(changed(star="étoile")).encode() + changed(star="a\xe9").encode("latin-1")
        assert read(text)[1]["star"].tolist() == ["étoile".encode(), "aé".encode()]


class TestLabels:
    @pytest.mark.parametrize(
        ("word", "code"),
        [
            ("0", 0), ("1", 1), ("2", 2), ("0.0", 0), ("1.0", 1), ("2.0", 2),
            ('"1,0"', 1), ("false-positive", 2), ("FalsePositive", 2), ("Confirmed Planet", 1),
            ("planet-candidate", 0), ("REFUTED", 2), ("False Alarm", 2), ("NTP", 2),
            ("CANDIDATE", 0), ("Confirmed", 1), ("false positive", 2), ("FALSE_POSITIVE", 2),
            (" FALSE  POSITIVE ", 2),
            ("PC", 0), ("apc", 0), ("CP", 1), ("kp", 1), ("FP", 2), ("FA", 2),
        ],
    )  # fmt: skip
    def test_a_label_may_be_a_number_or_a_word_of_the_archive(self, word, code):
        assert read(table(changed(label=word)))[1]["label"][0] == code

    @pytest.mark.parametrize("word", ["3", "-1", "planet", "0.5", "NOT DISPOSITIONED"])
    def test_an_unknown_label_is_left_out_and_named(self, word):
        rejection = only_rejection(table(ROW, changed(label=word)))
        assert rejection[:3] == (3, "unknown_label", "label")
        assert repr(word) in rejection.message
        assert "false positive" in rejection.message

    def test_unknown_words_are_named_once_with_their_count(self):
        words = ["EB", "V", "EB", " EB ", "", "1"]
        catalog, _, _ = read(table(*[changed(label=word) for word in words]))
        assert catalog.reading()["unknown_labels"] == {"EB": 3, "V": 1}

    def test_known_words_are_told_with_what_they_mean_if_nothing_is_said(self):
        words = ["PC", "planet", "FP", "pc", "PC", "", "unknown"]
        said = ReadAs(labels={"pc": 1})
        catalog, rows, _ = read(table(*[changed(label=word) for word in words]), read_as=said)
        assert rows["label"].tolist() == [1, 2, 1, 1]
        assert catalog.reading()["known_labels"] == {
            "PC": {"rows": 2, "label": "CANDIDATE"},
            "FP": {"rows": 1, "label": "FALSE POSITIVE"},
            "pc": {"rows": 1, "label": "CANDIDATE"},
        }

    def test_of_very_many_words_the_first_hundred_are_kept(self):
        rows = [changed(label=f"word {i}") for i in range(500)]
        catalog, _, _ = read(table(*rows, ROW))
        assert len(catalog.reading()["unknown_labels"]) <= 101

    @pytest.mark.parametrize(
        ("words", "are_binary"),
        [
            (["0", "1", "0"], True), (["0.0", "1.0", ""], True), (["0", "1", "2"], False),
            (["0", "CONFIRMED"], False), (["0"], False), (["CANDIDATE", "CONFIRMED"], False),
        ],
    )  # fmt: skip
    def test_labels_of_0_and_1_alone_are_noticed(self, words, are_binary):
        catalog, _, _ = read(table(*[changed(label=word) for word in words]))
        assert catalog.reading()["are_labels_binary"] is are_binary

    def test_a_missing_label_is_left_out_where_labels_are_needed(self):
        rejection = only_rejection(table(ROW, changed(label="")))
        assert rejection[:3] == (3, "missing_value", "label")

    def test_where_no_label_is_needed_unknown_and_missing_ones_are_no_fault(self):
        text = table(changed(label="?"), changed(label=""), ROW)
        assert read(text, label_required=False)[1]["label"].tolist() == [-1, -1, 1]
        text = table("9.5,3,600", header="period,duration,depth")
        assert read(text, label_required=False)[1]["label"].tolist() == [-1]


class TestStars:
    @pytest.mark.parametrize(
        ("cell", "star"),
        [
            ("10797460", "10797460"), ("10797460.0", "10797460"), (" 12 ", "12"), ("12.", "12"),
            ("0012", "12"), ('"12,0"', "12"), ("KIC 1079", "1079"), ("tic 0012", "12"),
            ("TIC12.0", "12"), ("EPIC-12", "12"), ("TIC", "TIC"), ("TIC 12b", "TIC 12b"),
            ("Kepler-10", "Kepler-10"), ("TOI 12", "TOI 12"), ("0", "0"), ("00", "0"),
            ("étoile", "étoile"), ("", ""), ("nan", ""), ("1.5", "1.5"),
            ("x" * 48, "x" * 48),
        ],
    )  # fmt: skip
    def test_an_identifier_is_kept_as_it_stands_or_as_the_number_that_it_is(self, cell, star):
        assert read(table(changed(star=cell)))[1]["star"][0].decode() == star

    @pytest.mark.parametrize("cell", ["1.08E+07", "1,08E+07", "1.08e7", "2E8", "####", "#"])
    def test_an_identifier_that_a_spreadsheet_has_rounded_is_none_and_is_counted(self, cell):
        catalog, rows, _ = read(table(changed(star=f'"{cell}"'), ROW, changed(star="E+07")))
        assert rows["star"].tolist() == [b"", b"10797460", b"E+07"]
        assert catalog.lost_stars == 1

    def test_hashes_in_the_first_column_are_no_comment(self):
        text = (
            "kepid,period,duration,depth,label\n########,9.5,3,600,1\n#,a comment\n7,9.5,3,600,1\n"
        )
        catalog, rows, _ = read(text)
        assert rows["star"].tolist() == [b"", b"7"]
        assert catalog.lost_stars == 1

    @pytest.mark.parametrize("cell", ["#N/A", "#DIV/0!", "#NAME?", "#NV", "#WERT!", '"#N/A"'])
    def test_an_error_of_a_spreadsheet_in_the_first_column_is_no_comment(self, cell):
        lines = f"{cell},9.5,3,600,1\n# N/A,a comment\n#NOTE, a comment\n7,9.5,3,600,1\n"
        catalog, rows, _ = read("kepid,period,duration,depth,label\n" + lines)
        assert len(rows) + catalog.rejections.total == 2
        assert rows["line"].tolist() == [2, 5]

    @pytest.mark.parametrize("word", ["-", "…", "\\N", "masked"])
    def test_what_stands_for_a_gap_is_no_star(self, word):
        assert read(table(changed(star=word)))[1]["star"][0] == b""

    def test_a_long_identifier_takes_no_long_time(self):
        read(table(changed(star="0" * 100_000 + "x")))
        assert read(table(changed(star='"12.000"')))[1]["star"][0] == b"12.000"

    def test_one_leading_zero_among_many_plain_identifiers_is_seen(self):
        _, rows, _ = read(table(*[ROW] * 5, changed(star="010797460")))
        assert set(rows["star"].tolist()) == {b"10797460"}

    def test_long_identifiers_still_distinguish_stars(self):
        long = "é" * 25
        text = table(changed(star=long + "a"), changed(star=long + "a"), changed(star=long + "b"))
        one, same, other = read(text)[1]["star"].tolist()
        assert one == same != other


class TestRowsLeftOut:
    @pytest.mark.parametrize("column", ["period", "duration", "depth"])
    def test_a_row_without_a_required_value_is_left_out_and_named(self, column):
        rejection = only_rejection(table(ROW, changed(**{column: ""})))
        assert rejection[:3] == (3, "missing_value", column)
        assert "an empty cell" in rejection.message

    @pytest.mark.parametrize("column", COLUMNS)
    @pytest.mark.parametrize("cell", ["abc", "1_000", "1.2.3", "0x10", "5455±81"])
    def test_a_cell_that_is_not_a_number_is_left_out_and_shown(self, column, cell):
        rejection = only_rejection(table(ROW, changed(**{column: cell})))
        assert rejection[:3] == (3, "not_a_number", column)
        assert repr(cell) in rejection.message

    @pytest.mark.parametrize("cell", ["inf", "-Infinity", "1e999"])
    @pytest.mark.parametrize("column", ["period", "snr"])
    def test_an_infinite_number_is_left_out_and_named(self, column, cell):
        assert only_rejection(table(ROW, changed(**{column: cell})))[1:3] == ("not_finite", column)

    @pytest.mark.parametrize("column", COLUMNS)
    def test_both_ends_of_a_range_are_in_and_what_is_beyond_is_left_out(self, column):
        low, high = RANGES[column]
        wide = {"period": "1e6", "duration": "0.01"}
        if column == "duration":
            wide = {"period": "1e6"}
        if column == "period":
            wide = {"duration": "0.01"}
        inside = [changed(**{**wide, column: repr(value)}) for value in (low, high)]
        below = changed(**{**wide, column: repr(np.nextafter(low, -np.inf).item())})
        above = changed(**{**wide, column: repr(np.nextafter(high, np.inf).item())})
        catalog, rows, _ = read(table(*inside, below, above))
        assert rows[column].tolist() == [low, high]
        assert [each[:3] for each in catalog.rejections.first] == [
            (4, "out_of_range", column),
            (5, "out_of_range", column),
        ]

    def test_a_duration_in_hours_must_be_below_the_period_in_days(self):
        text = table(changed(period="1", duration="23.9"), changed(period="1", duration="24"))
        rejection = only_rejection(text)
        assert rejection[:3] == (3, "duration_not_below_period", "duration")
        assert "'24'" in rejection.message
        assert "'1' days" in rejection.message

    @pytest.mark.parametrize("row", [ROW + ",1", "9.5,3,600", "one"])
    def test_a_row_with_another_number_of_fields_is_left_out_and_counted(self, row):
        rejection = only_rejection(table(ROW, row))
        assert rejection[:3] == (3, "field_count", None)
        assert f"received {row.count(',') + 1}" in rejection.message

    def test_the_first_fault_of_a_row_is_the_one_named(self):
        rejection = only_rejection(table(ROW, changed(period="x", depth="", label="?")))
        assert rejection[1:3] == ("not_a_number", "period")

    def test_a_long_value_is_cut_in_the_message(self):
        rejection = only_rejection(table(ROW, changed(depth="x" * 5000)))
        assert len(rejection.message) < 200

    def test_the_column_is_named_as_the_file_names_it(self):
        header = "kepid,koi_period,koi_duration,koi_depth,koi_disposition"
        text = table("1,9.5,3,600,CONFIRMED", "1,9.5,3,,CONFIRMED", header=header)
        rejection = only_rejection(text)
        assert rejection.column == "koi_depth"
        assert rejection.message.startswith(
            "koi_depth: expected a number from 0.01 to 2,000,000 ppm"
        )

    def test_rejected_and_accepted_rows_keep_their_places_among_the_records(self):
        _, _, chunks = read(table("bad", ROW, changed(depth="x"), ROW))
        (chunk,) = chunks
        assert [record[0] for record in chunk.records] == ["bad", "9.488", "9.488", "9.488"]
        assert chunk.lines == [2, 3, 4, 5]
        assert chunk.accepted.tolist() == [1, 3]
        assert [each.line for each in chunk.rejections] == [2, 4]

    def test_quoted_fields_with_line_ends_keep_the_line_numbers_right(self):
        header = f"{HEADER},note"
        rows = (f'{ROW},"two\nlines, ""quoted"""', f"{ROW},plain", "short", f'{ROW},""')
        catalog, accepted, chunks = read(table(*rows, header=header))
        assert accepted["line"].tolist() == [2, 4, 6]
        assert catalog.rejections.first[0].line == 5
        assert chunks[0].records[0][-1] == 'two\nlines, "quoted"'

    def test_an_unclosed_quote_costs_only_its_own_row(self):
        text = table(ROW, f'"{ROW}', *[ROW] * 200)
        rejection = only_rejection(text)
        assert rejection[:3] == (3, "unclosed_quote", None)
        assert read(text)[1]["line"].tolist() == [2, *range(4, 204)]

    def test_stray_quotes_far_apart_do_not_swallow_the_rows_between(self):
        text = table(f'"{ROW}', *[ROW] * 100, f'"{ROW}', *[ROW] * 100)
        assert [each.line for each in read(text)[0].rejections.first] == [2, 103]

    def test_a_quote_inside_a_field_is_a_character(self):
        _, rows, _ = read(table(changed(star='5" refractor'), ROW))
        assert rows["star"].tolist() == [b'5" refractor', b"10797460"]

    def test_every_reason_that_is_given_is_explained(self):
        text = table(
            ROW, "short", f'"{ROW}', changed(depth=""), changed(depth="x"), changed(depth="inf"),
            changed(depth="0"), changed(period="0.1"), changed(label="x"), *[ROW] * 60,
            changed(depth='"61,6"'), changed(depth="6.161"),
        )  # fmt: skip
        assert set(read(text)[0].rejections.by_reason) == set(REASONS)

    def test_all_rows_left_out_can_be_paged_from_where_they_were_written(self):
        sink = io.StringIO()
        catalog, _, _ = read(table(ROW, *["short"] * 5000, changed(depth="")), sink=sink)
        sink.seek(0)
        last = list(read_rejections(sink, 4999, 10))
        assert [each[:3] for each in last] == [
            (5002, "field_count", None),
            (5003, "missing_value", "depth"),
        ]
        summary = catalog.rejections.summary()
        assert summary["total"] == 5001
        assert summary["by_reason"] == {"field_count": 5000, "missing_value": 1}
        assert len(summary["first"]) == 20
        json.dumps(summary, allow_nan=False)

    def test_what_is_written_of_the_rows_left_out_is_bounded_and_their_count_is_not(
        self, monkeypatch
    ):
        monkeypatch.setattr("backend.transit.catalog.rejections.MOST_KEPT", 30)
        assert MOST_KEPT > 30
        sink = io.StringIO()
        log = read(table(ROW, *["short"] * 5000), sink=sink)[0].rejections
        assert (log.total, log.kept, sink.getvalue().count("\n")) == (5000, 30, 30)


class TestFilesThatAreNoCatalogue:
    @pytest.mark.parametrize(
        ("content", "says"),
        [
            (b"", "empty"),
            (b"\xef\xbb\xbf", "empty"),
            (b"# only\n# comments\n\n", "empty"),
            (HEADER.encode(), "no rows"),
            (f"{HEADER}\n\n# nothing\n".encode(), "no rows"),
            (b"period\n1\n2\n", "Only one column"),
            (b"hello world\nhow are you\n", "Only one column"),
            (f"{ROW}\n{ROW}".encode(), "must name the columns"),
            (table(ROW).encode("utf-16"), "UTF-16"),
            (table(ROW).encode("utf-16-le"), "NUL byte"),
            (table(ROW, ROW.replace("1", "\0")).encode(), "Line 3 contains a NUL byte"),
            (b"\0" * 1_000_000, "NUL byte"),
            (b"PK\x03\x04" + bytes(1000), "a spreadsheet (.xlsx)"),
            (b"\x1f\x8b\x08" + bytes(1000), "gzip"),
            (b"SIMPLE  =                    T", "FITS"),
            (b"PAR1" + bytes(1000), "Parquet"),
            (b"\xd0\xcf\x11\xe0" + bytes(1000), ".xls"),
            (b'<?xml version="1.0"?>\n<!-- x -->\n<VOTABLE version="1.4">', "a VOTable"),
            (b"\n <VOTABLE>", "a VOTable"),
            (b'<?xml version="1.0"?>\n<ERROR>no such table</ERROR>', "XML"),
            (b"\xef\xbb\xbf<!DOCTYPE html><html>", "web page"),
            (b"<HTML><body>Error", "web page"),
            (b'{"error": "no such table"}', "JSON"),
            (b'[{"period": 1}]', "JSON"),
            (b"<?xml?>" + b"<!---->" * 500 + b"x", "XML"),
            (b"\\fixlen = T\n\\ Comment\n|period|depth|\n|double|double|\n", "an IPAC table"),
            (b"| period | depth |\n| double | double |\n", "an IPAC table"),
            (b"| period | depth |\n|---|---|\n| 1 | 2 |\n", "a Markdown table"),
            (b"time,flux,flux_err\n1,2,3\n", "light curve"),
            (b"TIME,PDCSAP_FLUX\n1,2\n", "light curve"),
            (table(header=HEADER.replace("impact", "PERIOD")).encode(), "more than once: period"),
            (table(header=f"{HEADER},note, note ").encode(), "more than once: note"),
            (b"x," * 50_000 + b"\n", "Line 1 has|The header has 50,001 columns"),
            (table(ROW, ",".join(["1"] * 50_000)).encode(), "Line 3 has 50,000 fields"),
            (table(ROW, ROW + "x" * 20_000_000).encode(), "Line 3 is longer than"),
            (table(ROW, f'{ROW},"' + "x" * 20_000_000 + '"').encode(), "Line 3 is longer than"),
            (b"x" * 20_000_000, "Line 1 is longer than"),
            (('"' + table(ROW)).encode(), "opens a quote"),
            (table(*['a"b,"c'] * 300).encode(), "quote that is never closed"),
        ],
    )  # fmt: skip
    def test_it_is_refused_with_a_reason(self, content, says):
        error = refused(content)
        assert any(each in str(error) for each in says.split("|")), str(error)
        assert len(str(error)) < 4000

    def test_missing_columns_are_listed_with_what_was_found_and_what_would_be_recognised(self):
        error = refused("koi_period,koi_depth,kepid\n1,2,3\n")
        assert error.found == ["koi_period", "koi_depth", "kepid"]
        assert error.missing == ["duration", "label"]
        assert error.recognised == ["koi_duration", "koi_disposition"]
        assert "koi_duration" in str(error)

    def test_an_unknown_table_is_refused_with_the_names_of_every_format(self):
        error = refused("a,b,c\n1,2,3\n")
        assert error.missing == ["period", "duration", "depth", "label"]
        assert {"period", "koi_period", "pl_orbper", "tfopwg_disp"} <= set(error.recognised)

    def test_a_label_column_is_not_missed_where_none_is_needed(self):
        assert refused("period,duration\n1,2\n", label_required=False).missing == ["depth"]

    def test_a_file_without_one_usable_row_says_why(self):
        error = refused(table("short", changed(depth="x"), changed(depth="y")))
        assert "Only 0 of 3 rows" in str(error)
        assert "2 not_a_number, 1 field_count" in str(error)
        assert "line 2: expected 11 fields" in str(error)
        assert [each.line for each in error.rejections] == [2, 3, 4]

    def test_a_table_of_rubbish_is_given_up_before_its_end(self):
        stream = io.BytesIO(table(ROW, "x\n" * 3_000_000).encode())
        with pytest.raises(CatalogError, match=r"1 of 1\d\d,\d+ rows can be used"):
            list(open_catalog(stream, label_required=True))
        assert stream.tell() < 3_000_000

    def test_names_in_a_message_are_few_and_short(self):
        error = refused(",".join(f"{i}" + "x" * 100 for i in range(900)) + "\n1\n")
        assert len(str(error)) < 10_000
        assert len(error.found) == 100


class Repeated(io.RawIOBase):
    """A long file that is never in memory: a start, then a block, again and again."""

    def __init__(self, start: bytes, block: bytes, times: int) -> None:
        self._all = [start, *([block] * times)]
        self._parts = iter(self._all)

    def seek(self, offset: int, whence: int = 0) -> int:
        assert (offset, whence) == (0, 0)
        self._parts = iter(self._all)
        return 0

    def read(self, size: int = -1) -> bytes:
        return next(self._parts, b"")


@pytest.mark.parametrize(
    ("block", "times"),
    [
        ((ROW + "\n").encode() * 3000, 12),
        (b"short\n" * 3_000 + (ROW + "\n").encode() * 500, 10),
        (f'"{ROW}"\n'.encode() * 3000, 12),
    ],
)
def test_a_long_table_is_read_in_little_memory(block, times):
    stream = Repeated(table(ROW).encode(), block, times)
    tracemalloc.start()
    rows = 0
    for chunk in open_catalog(stream, label_required=True):
        rows += len(chunk.records)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert rows == 1 + block.count(b"\n") * times
    assert peak < 12e6


@pytest.mark.parametrize("quoted", [True, False])
def test_fast_and_slow_ways_of_splitting_give_the_same(quoted):
    row = ",".join(f'"{cell}"' for cell in ROW.split(",")) if quoted else ROW
    together = read(table(*[row] * 10))[1]
    one_by_one = read(table(*[row] * 10, f'{ROW[:-8]}"a ""b"""'))[1]
    assert together.tobytes() == one_by_one[:10].tobytes()
    assert one_by_one["star"][10] == b'a "b"'


def test_rejections_of_one_log_add_up():
    log = RejectionLog()
    assert log.summary() == {"total": 0, "by_reason": {}, "first": []}


@pytest.mark.parametrize(
    "content", [b"", b"\x00\x01\x02", "period,depth\n".encode("utf-16"), b"period,period\n1,2\n"]
)
def test_a_file_that_is_not_a_table_is_refused_with_the_names_that_would_be_recognised(content):
    with pytest.raises(CatalogError) as caught:
        for _ in open_catalog(io.BytesIO(content), label_required=True):
            pass
    recognised = caught.value.recognised
    assert {"period", "koi_period", "pl_orbper", "label", "tfopwg_disp"} <= set(recognised)
