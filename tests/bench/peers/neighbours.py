"""The 100 most similar readers by scikit-learn and by a plain scipy product, checked
against kith's and timed.

    neighbours.py PAIRS DUMP REQUESTS BATCHES

PAIRS, DUMP   files of bench_neighbours --write and --dump
REQUESTS      how many are timed one at a time
BATCHES       how many batches of 64

scikit-learn  NearestNeighbors(metric='cosine', algorithm='brute'), as in kith's
              prototype; single precision, which is its faster one
scipy         rows normalised and transposed beforehand; product, argpartition

Checked, for the requests of the dump: kith's dot products are those of an integer
product, no other reader is more similar, and the peers' similarities are the same
within single precision. Prints "NAME us" lines: the middle of all requests.
"""

import sys
import time

import numpy
import scipy.sparse
from sklearn.neighbors import NearestNeighbors

K = 100
BATCH = 64
SINGLE = 1e-5  # what sums of a thousand products in single precision may be off


def read_pairs(path):
    triples = numpy.fromfile(path, dtype="<u4").reshape(-1, 3)
    users, posts, pairs = (int(n) for n in triples[0])
    assert len(triples) == pairs + 1
    return scipy.sparse.csr_matrix(
        (triples[1:, 2].astype(numpy.int64), (triples[1:, 0], triples[1:, 1])),
        shape=(users, posts),
    )


def read_dump(path):
    found = {}
    for line in open(path):
        user, *rest = line.split()
        found[int(user)] = [tuple(map(int, pair.split(":"))) for pair in rest]
    return found


def check_kith(weights, found):
    """Against exact integer dot products and cosines in double precision."""
    squares = numpy.asarray(weights.multiply(weights).sum(axis=1)).ravel()
    transposed = weights.T.tocsr()
    for user, neighbours in found.items():
        dots = (weights[user] @ transposed).toarray().ravel()
        cosines = dots / numpy.sqrt(squares.astype(float) * squares[user])
        cosines[user] = 0
        best = -numpy.sort(-cosines)[:K]
        ours = [cosines[other] for other, _ in neighbours]
        assert all(dots[other] == dot for other, dot in neighbours), user
        assert len({other for other, _ in neighbours} - {user}) == len(ours), user
        assert len(ours) == min(K, int((best > 0).sum())), user
        assert numpy.allclose(ours, best[: len(ours)], rtol=1e-12), user
        yield user, best


def check_peer(name, user, similarities, best):
    both = min(len(similarities), len(best))
    got = -numpy.sort(-similarities)[:both]
    apart = numpy.abs(got - best[:both]).max(initial=0)
    assert apart < SINGLE, (name, user, apart)


def without_self(ids, values, user):
    return values[ids != user]


class Sklearn:
    name = "sklearn"

    def __init__(self, weights):
        self.rows = weights
        self.model = NearestNeighbors(n_neighbors=K + 1, metric="cosine", algorithm="brute")
        self.model.fit(weights)

    def ask(self, users):
        distances, ids = self.model.kneighbors(self.rows[users])
        return [(ids[i], 1 - distances[i]) for i in range(len(users))]


class Scipy:
    name = "scipy"

    def __init__(self, weights):
        norms = numpy.sqrt(numpy.asarray(weights.multiply(weights).sum(axis=1)).ravel())
        norms[norms == 0] = 1
        self.rows = scipy.sparse.diags((1 / norms).astype(numpy.float32)) @ weights
        self.rows = self.rows.tocsr()
        self.transposed = self.rows.T.tocsr()

    def ask(self, users):
        product = self.rows[users] @ self.transposed
        answers = []
        for i in range(len(users)):
            part = slice(product.indptr[i], product.indptr[i + 1])
            ids, values = product.indices[part], product.data[part]
            if len(values) > K + 1:
                top = numpy.argpartition(-values, K)[: K + 1]
                ids, values = ids[top], values[top]
            order = numpy.argsort(-values)
            answers.append((ids[order], values[order]))
        return answers


def middle_us(ask, groups):
    ask(groups[0])  # what is made once
    times = []
    for users in groups:
        begin = time.perf_counter()
        ask(users)
        times.append((time.perf_counter() - begin) / len(users))
    return float(numpy.median(times)) * 1e6


def main():
    pairs, dump, requests, batches = sys.argv[1:]
    weights = read_pairs(pairs)
    found = read_dump(dump)
    best = dict(check_kith(weights, found))
    users = list(best)
    single = [[user] for user in users[: int(requests)]]
    batch = [[users[(b * BATCH + i) % len(users)] for i in range(BATCH)] for b in range(int(batches))]
    weights = weights.astype(numpy.float32)
    for peer in (Sklearn(weights), Scipy(weights)):
        for group in single:
            (ids, values), = peer.ask(group)
            check_peer(peer.name, group[0], without_self(ids, values, group[0]), best[group[0]])
        print(peer.name + ".single", middle_us(peer.ask, single), flush=True)
        print(peer.name + ".batch_64", middle_us(peer.ask, batch), flush=True)


main()
