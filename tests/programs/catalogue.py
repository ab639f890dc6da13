"""All programs of this folder."""

from __future__ import annotations

import algorithms
import booleans
import branches
import built_ins
import effects
import exceptions
import failures
import for_loops
import functions
import gradients
import jumps
import objects
import repeated_calls
import returns
import slices
import structures
import syntax
import ternaries
import while_loops
from program import Program

FILES = (while_loops, for_loops, jumps, branches, ternaries, booleans, returns, functions, objects, structures)
FILES += (slices, exceptions, syntax, built_ins, failures, effects, gradients, repeated_calls, algorithms)
PROGRAMS: list[Program] = [program for file in FILES for program in file.PROGRAMS]
