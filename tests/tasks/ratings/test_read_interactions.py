"""Logs in any form: columns, ratings, times, lists by user, matrices; bad ones are refused with the reason."""

import gzip

import numpy as np
import pandas
import pytest
from scipy import sparse

from keras_vae.tasks.ratings.make_interactions import of_matrix
from keras_vae.tasks.ratings.read_interactions import read_interactions
from keras_vae.tasks.ratings.settings import READING

ROWS = [("ann", f"i{i}") for i in range(6)] + [("bob", f"i{i}") for i in range(3, 9)] + [("cy", "i1"), ("cy", "i2")]


def read(source, seed=0, splits=True, **given):
    reading = {name: setting.default for name, setting in READING.items()}
    return read_interactions(source, {**reading, **given}, seed, splits)


def told(data):
    return {line.what: line.read_as for line in data.report}


def write(path, lines):
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def as_pairs(data):
    x = data.x_train if data.test is None else None
    return {(data.users[u], data.items[i]) for u, i in zip(*x.nonzero(), strict=True)}


@pytest.mark.parametrize(
    ("name", "separator", "header"),
    [
        ("a.csv", ",", "user_id,item_id"),
        ("b.tsv", "\t", "userId\tproductId"),
        ("c.csv", ";", "Customer;ASIN"),
        ("d.csv", "|", "user|movie"),
        ("e.dat", "::", None),
        ("f.csv", ",", None),
        ("g.txt", " ", None),
    ],
)
def test_two_columns_of_any_separator_are_users_and_items(tmp_path, name, separator, header):
    lines = [separator.join(row) for row in ROWS]
    data = read(write(tmp_path / name, [header, *lines] if header else lines), min_user_items=1, splits=False)
    assert as_pairs(data) == set(ROWS)
    assert "users" in told(data)


@pytest.mark.parametrize("suffix", [".parquet", ".jsonl"])
def test_other_tables_and_frames_are_read_by_the_names_of_their_columns(tmp_path, suffix):
    frame = pandas.DataFrame({"when": range(14), "item": [i for _, i in ROWS], "user": [u for u, _ in ROWS]})
    path = tmp_path / f"log{suffix}"
    frame.to_parquet(path) if suffix == ".parquet" else frame.to_json(path, orient="records", lines=True)
    for source in (path, frame):
        assert as_pairs(read(source, min_user_items=1, splits=False)) == set(ROWS)


def test_columns_can_be_named_by_name_and_by_number(tmp_path):
    path = write(tmp_path / "a.csv", ["a,b", *(f"{i},{u}" for u, i in ROWS)])
    data = read(path, user_column="b", item_column="a", min_user_items=1, splits=False)
    assert as_pairs(data) == set(ROWS)
    path = write(tmp_path / "b.csv", [f"{i},{u}" for u, i in ROWS])
    assert as_pairs(read(path, user_column="2", item_column="1", min_user_items=1, splits=False)) == set(ROWS)
    with pytest.raises(ValueError, match=r"`user_column` must be a column of .*Received: 'nobody'"):
        read(path, user_column="nobody")


def test_ids_are_kept_as_they_are_written(tmp_path):
    path = write(tmp_path / "a.csv", ["user,item", *(f"00{u},0{i}" for u in range(3) for i in range(6))])
    data = read(path, splits=False)
    assert list(data.users) == ["000", "001", "002"]
    assert list(data.items) == [f"0{i}" for i in range(6)]


def test_stars_from_four_on_count_and_counts_of_any_size(tmp_path):
    stars = [f"u{u},i{i},{1 + (u + i) % 5}" for u in range(5) for i in range(10)]
    data = read(write(tmp_path / "a.csv", ["user,item,rating", *stars]), min_user_items=1, splits=False)
    assert data.x_train.nnz == 20
    assert "stars: 20 of 50 are at least 4" in told(data)["values of ratings"]
    plays = [f"u{u},i{i},{u * 100}" for u in range(5) for i in range(10)]
    data = read(write(tmp_path / "b.csv", ["user,item,plays", *plays]), splits=False)
    assert data.x_train.nnz == 40
    data = read(tmp_path / "b.csv", threshold=300, splits=False)
    assert data.x_train.nnz == 20
    assert set(data.x_train.data) == {1.0}
    assert read(tmp_path / "b.csv", rating_column="none", splits=False).x_train.nnz == 50


def test_pairs_that_come_again_count_once_and_are_told(tmp_path):
    data = read(
        write(tmp_path / "a.csv", ["user,item", *(f"{u},{i}" for u, i in ROWS * 2)]), 0, False, min_user_items=1
    )
    assert as_pairs(data) == set(ROWS)
    assert told(data)["pairs that come again"] == "14, counted once"


def test_users_and_items_of_too_few_are_left_out_again_and_again(tmp_path):
    path = write(tmp_path / "a.csv", ["user,item", *(f"{u},{i}" for u, i in ROWS)])
    data = read(path, splits=False)
    assert set(data.users) == {"ann", "bob"}
    assert told(data)["left out for too few"] == "2 interactions"
    # With two users per item only i3, i4 and i5 are left, too few of each user for a minimum of 4.
    with pytest.raises(ValueError, match=r"must hold a user with 4 items that count.*Received: none among 3 users"):
        read(path, min_user_items=4, min_item_users=2)


def test_the_splits_hold_out_items_users_or_what_came_last(tmp_path):
    rows = [f"u{u},i{i},{1.3e9 + 1000 * (u + 7 * i)}" for u in range(20) for i in range(10)]
    path = write(tmp_path / "a.csv", ["user,item,timestamp", *rows])
    weak, strong, late = (read(path, split=split) for split in ("weak", "strong", "time"))
    assert weak.x_train.nnz + weak.test.hidden.nnz == 200
    np.testing.assert_array_equal(np.diff(weak.test.hidden.indptr), 2)
    assert (weak.test.seen != weak.x_train).nnz == 0
    assert strong.n_train == 16
    assert strong.n_test == 4
    assert len(strong.users) == 16
    assert strong.test.seen.nnz + strong.test.hidden.nnz == 40
    # Items are numbered by time here: the last ones are held out.
    assert late.test.hidden.getnnz(axis=0)[:7].sum() == 0
    assert "what is after 2011-" in told(late)["test"]
    again, other = read(path), read(path, seed=1)
    assert weak.fingerprint() == again.fingerprint() != other.fingerprint()
    assert read(path, test_share=0.0).test is None


def test_lists_by_user_and_folders_of_them(tmp_path):
    train, test = ["0 1 2 3", "1 2 3", "2 5"], ["0 4", "1 1 5"]
    data = read(write(tmp_path / "lists.txt", train), min_user_items=1, splits=False)
    assert data.x_train.nnz == 6
    write(tmp_path / "train.txt", train)
    with gzip.open(tmp_path / "test.txt.gz", "wt") as file:
        file.write("\n".join(test) + "\n")
    data = read(tmp_path)
    assert (data.n_train, data.n_test, data.test.hidden.nnz) == (3, 2, 3)
    assert list(data.items) == ["1", "2", "3", "4", "5"]
    write(tmp_path / "test.txt", ["0 1"])
    with pytest.raises(
        ValueError, match=r"must not have an item of a user in train.txt and test.txt. Received: 1 such"
    ):
        read(tmp_path)


def test_a_matrix_of_scipy_is_read(tmp_path):
    x = sparse.random(20, 30, 0.3, format="csr", random_state=0)
    sparse.save_npz(tmp_path / "x.npz", x)
    assert read(tmp_path / "x.npz").x_train.nnz == x.nnz


@pytest.mark.parametrize(
    ("lines", "given", "message"),
    [
        pytest.param([], {}, "is empty", id="empty"),
        pytest.param(["user,item"], {}, "holds no rows of data, only a header", id="header"),
        pytest.param(
            ["user,item", "a,x", "b,"], {}, "must have a item in every row. Received: none in row 2", id="hole"
        ),
        pytest.param(
            ["user,item,rating", "a,x,-1", "b,y,3"], {}, "must have ratings >= 0, or a threshold", id="negative"
        ),
        pytest.param(
            ["user,item,rating", "a,x,good", "b,y,3"],
            {},
            "must have a number in every row of column `rating`",
            id="words",
        ),
        pytest.param(
            ["user,item", *(f"{u},{i}" for u, i in ROWS)],
            {"split": "time"},
            "must have times for `split` time",
            id="no-times",
        ),
        pytest.param(["one", "two"], {}, "must have a column of items: say which by --item", id="one-column"),
    ],
)
def test_what_is_no_log_is_refused_with_the_reason(tmp_path, lines, given, message):
    path = tmp_path / "a.csv"
    path.write_text("\n".join(lines))
    with pytest.raises(ValueError, match=message):
        read(path, **given)


def test_ids_that_are_no_names_and_other_sources_are_refused(tmp_path):
    with pytest.raises(
        ValueError, match=r"must have a user in every row, text or a whole number. Received: 0.5 in row 1"
    ):
        read(pandas.DataFrame({"user": [0.5, 1.0], "item": ["a", "b"]}))
    with pytest.raises(ValueError, match=r"must have users that are text or whole numbers. Received: a column of bool"):
        read(pandas.DataFrame({"user": [True, False], "item": ["a", "b"]}))
    with pytest.raises(ValueError, match=r"`data` must be a matrix, a frame, a name or a path. Received: int"):
        read(3)
    with pytest.raises(ValueError, match=r"must hold train.txt and test.txt"):
        read(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"there is no file"):
        read(tmp_path / "gone.npz")
    (tmp_path / "x.npz").write_bytes(b"no")
    with pytest.raises(ValueError, match=r"must be a matrix of scipy.sparse.save_npz"):
        read(tmp_path / "x.npz")
    write(tmp_path / "a.dat", ["1::2::3", "1::2"])
    with pytest.raises(ValueError, match=r"must have 3 columns. Received: 2 in line 2"):
        read(tmp_path / "a.dat")


def test_known_sets_that_are_not_there_say_where_they_should_be(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_VAE_DATA", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"gowalla must be gowalla in the folder that .KERAS_VAE_DATA names"):
        read("gowalla")


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "n_users", "n_items"),
    [
        ("lastfm", 1877, 17617),
        ("gowalla", 29858, 40981),
        ("video_games", 29341, 23464),
        ("beauty", 22363, 12101),
        ("movielens-100k", 938, 1447),
        ("movielens-1m", 6040, 3706),
    ],
)
def test_known_sets_have_the_users_and_items_that_they_are_known_for(name, n_users, n_items):
    data = read(name)
    assert data.x_train.shape == (n_users, n_items)


def test_lists_of_equal_length_are_no_columns(tmp_path):
    data = read(write(tmp_path / "a.txt", ["0 1 2 3 4 5", "1 2 3 4 5 6"]), splits=False)
    assert data.x_train.nnz == 10


def test_values_of_a_matrix_are_told_and_those_that_look_like_stars_warned_about(tmp_path):
    stars = sparse.csr_matrix(1.0 + np.arange(40).reshape(8, 5) % 5)
    with pytest.warns(UserWarning, match=r"look like stars, 1 to 5, and all of them count.*pass threshold=4"):
        data = of_matrix("data", stars)
    assert data.x_train.nnz == 40
    assert told(data)["values"] == "1 to 5: 40, all of which count as 1"
    liked = of_matrix("data", stars, threshold=4.0)
    np.testing.assert_array_equal(liked.x_train.toarray(), stars.toarray() >= 4.0)
    sparse.save_npz(tmp_path / "x.npz", stars)
    assert read(tmp_path / "x.npz", threshold=5.0).x_train.nnz == 8


def test_a_frame_of_users_by_items_and_one_with_a_name_twice_are_not_guessed_at():
    frame = pandas.DataFrame(np.eye(12, 9))
    with pytest.raises(ValueError, match=r"must have a column of users: say which by --user. Received: columns 0, 1"):
        read(frame)
    log = pandas.DataFrame([["a", "x", "y"]], columns=["user", "item", "item"])
    with pytest.raises(ValueError, match=r"must have different names of columns. Received: 'item' more than once"):
        read(log)
