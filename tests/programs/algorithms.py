"""Programs: whole algorithms."""

from __future__ import annotations

from program import F, I, Program

PROGRAMS = [
    Program(
        "algo_gcd",
        """
@compile
def gcd(a, b):
    while b != 0:
        a, b = b, a % b
    return a

f = gcd
""",
        [I(84), I(36)],
        12,
    ),
    Program(
        "algo_prime_count",
        """
@compile
def f(n):
    count = 0
    for k in range(2, n):
        d = 2
        prime = True
        while d * d <= k:
            if k % d == 0:
                prime = False
                break
            d = d + 1
        if prime:
            count = count + 1
    return count
""",
        [I(50)],
        15,
    ),
    Program(
        "algo_euler_ode",
        """
@compile
def f(y, t_end, dt):
    t = 0.0
    while t < t_end - 1e-6:
        y = y + dt * (-2.0 * y + t)
        t = t + dt
    return y
""",
        [F(1.0), F(1.0), F(0.125)],
        0.3751415,
        rtol=0.001,
    ),
    Program(
        "algo_kadane",
        """
@compile
def f(v):
    best = v[0]
    cur = v[0]
    for x in v[1:]:
        cur = x if cur < 0 else cur + x
        if cur > best:
            best = cur
    return best
""",
        [I([-2, 1, -3, 4, -1, 2, 1, -5, 4])],
        6,
    ),
    Program(
        "algo_power_series_until_converged",
        """
@compile
def f(x):
    term = 1.0
    s = 1.0
    k = 1
    while True:
        term = term * x / k
        s = s + term
        k = k + 1
        if xp.abs(term) < 1e-7:
            break
    return s
""",
        [F(1.0)],
        2.7182817,
    ),
    Program(
        "algo_greedy_decode",
        """
@compile
def f(table, start, stop, max_len):
    tok = start
    out = 0
    n = 0
    while n < max_len:
        tok = xp.argmax(table[tok])
        out = out * 10 + tok
        n = n + 1
        if tok == stop:
            break
    return out, n
""",
        [
            F([[0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 9.0, 1.0], [1.0, 0.0, 0.0, 5.0], [0.0, 0.0, 0.0, 1.0]]),
            I(0),
            I(3),
            I(10),
        ],
        (123, 3),
    ),
    Program(
        "algo_game_of_life_row",
        """
@compile
def f(row, steps):
    for _ in range(steps):
        left = xp.concat([row[-1:], row[:-1]])
        right = xp.concat([row[1:], row[:1]])
        row = (left + right) % 2
    return row
""",
        [I([0, 0, 1, 0, 0]), I(3)],
        [1, 1, 0, 1, 1],
    ),
    Program(
        "algo_simulated_annealing_schedule",
        """
@compile
def f(t0, cool, floor):
    t = t0
    accepted = 0
    rejected = 0
    k = 0
    while t > floor:
        k = k + 1
        if k % 3 == 0:
            rejected += 1
            t = t * cool
            continue
        if k % 5 == 0:
            t = t * cool * cool
        else:
            t = t * cool
        accepted += 1
    return k, accepted, rejected
""",
        [F(10.0), F(0.800000011920929), F(1.0)],
        (10, 7, 3),
    ),
]
