"""Threads that use one estimator while another thread trains it: nobody fails, and nobody waits for ever."""

from __future__ import annotations

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor, TimeoutError
from threading import Event

import numpy as np
import pytest

from fanin.sklearn import MLPClassifier
from fanin.sklearn.turns import Turns

X, LABELS = np.random.RandomState(0).normal(size=(300, 10)), np.arange(300) % 3


@pytest.fixture
def pool():
    with ThreadPoolExecutor(4) as threads:
        yield threads


def write(turns, begun, let_go, log, name):
    with turns.writing():
        begun.set()
        let_go.wait(60)
        log.append(name)


def read(turns, log, name):
    turns.begin_reading()
    log.append(name)
    turns.end_reading()


def test_threads_read_together_and_a_writer_waits_for_them(pool):
    turns, log = Turns(), []
    turns.begin_reading()
    read(turns, log, "reader")
    go = Event()
    go.set()
    writer = pool.submit(write, turns, Event(), go, log, "writer")
    with pytest.raises(TimeoutError):
        writer.result(0.05)
    later = pool.submit(read, turns, log, "later")
    with pytest.raises(TimeoutError):
        later.result(0.05)
    turns.end_reading()
    writer.result(60)
    later.result(60)
    assert log == ["reader", "writer", "later"]


def test_who_waits_to_read_comes_before_the_next_writer(pool):
    turns, log, begun, let_go = Turns(), [], Event(), Event()
    first = pool.submit(write, turns, begun, let_go, log, "first")
    begun.wait(60)
    reader = pool.submit(read, turns, log, "reader")
    while not turns._waiting:
        pass
    second = pool.submit(write, turns, Event(), let_go, log, "second")
    while turns._writers < 2:
        pass
    let_go.set()
    for task in (first, reader, second):
        task.result(60)
    assert log == ["first", "reader", "second"]


def test_an_error_in_a_turn_ends_it():
    turns, log = Turns(), []
    with pytest.raises(ZeroDivisionError), turns.writing():
        raise ZeroDivisionError
    read(turns, log, "reader")
    with turns.writing():
        log.append("writer")
    assert log == ["reader", "writer"]


def test_a_thread_does_not_wait_for_itself():
    turns = Turns()
    with turns.writing():
        for use in (turns.begin_reading, turns.begin_writing):
            with pytest.raises(RuntimeError, match="the network is in the middle of an epoch"):
                use()
    read(turns, [], "reader")


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_predictions_copies_and_pickles_in_other_threads_do_not_disturb_training(pool, solver):
    def trained():
        return MLPClassifier((30,), solver=solver, max_iter=20, warm_start=True, random_state=0).fit(
            X, LABELS
        )

    def use(classifier, action):
        count = 0
        while count < 5 or not done.is_set():
            action(classifier)
            count += 1
        return count

    done, expected, classifier = Event(), trained().fit(X, LABELS), trained()
    actions = (lambda c: c.predict_proba(X), lambda c: c.predict(X[:1]), copy.deepcopy, pickle.dumps)
    tasks = [pool.submit(use, classifier, action) for action in actions]
    classifier.fit(X, LABELS)
    done.set()
    assert all(task.result(60) >= 5 for task in tasks)
    np.testing.assert_array_equal(classifier.predict_proba(X), expected.predict_proba(X))


def test_weights_written_by_one_thread_reach_the_predictions_of_others(pool):
    classifier = MLPClassifier((4,), solver="adam", random_state=0).partial_fit(X, LABELS, classes=[0, 1, 2])
    for factor in range(20):
        for weights in classifier.coefs_:
            weights[:] = factor
        found = list(pool.map(lambda _: classifier.predict_proba(X), range(8)))
        expected = copy.deepcopy(classifier).predict_proba(X)
        for probabilities in found:
            np.testing.assert_array_equal(probabilities, expected)
