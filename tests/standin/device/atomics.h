// Atomic functions: with one thread of the CPU they are plain code, told to the checks as atomic.
#pragma once

template <class T, class F> STANDIN_TOLD T standin_atomic(T *at, F change) {
    if (STANDIN_CHECKED) standin_tell(at, sizeof(T), STANDIN_ATOMIC, __builtin_return_address(0));
    T old = *at;
    *at = change(old);
    return old;
}

#define STANDIN_ATOMICS(name, expression)                                                                              \
    template <class T> __forceinline__ static T name(T *at, typename standin_same<T>::type x) {                        \
        return standin_atomic(at, [=](T old) __attribute__((no_sanitize("thread"))) -> T { return expression; });      \
    }                                                                                                                  \
    template <class T> __forceinline__ static T name##_block(T *at, typename standin_same<T>::type x) {                \
        return name(at, x);                                                                                            \
    }                                                                                                                  \
    template <class T> __forceinline__ static T name##_system(T *at, typename standin_same<T>::type x) {               \
        return name(at, x);                                                                                            \
    }
STANDIN_ATOMICS(atomicAdd, old + x)
STANDIN_ATOMICS(atomicSub, old - x)
STANDIN_ATOMICS(atomicExch, x)
STANDIN_ATOMICS(atomicMax, old < x ? x : old)
STANDIN_ATOMICS(atomicMin, x < old ? x : old)
STANDIN_ATOMICS(atomicAnd, old &x)
STANDIN_ATOMICS(atomicOr, old | x)
STANDIN_ATOMICS(atomicXor, old ^ x)
STANDIN_ATOMICS(atomicInc, old >= x ? 0 : old + 1)
STANDIN_ATOMICS(atomicDec, old == 0 || old > x ? x : old - 1)

template <class T>
__forceinline__ static T atomicCAS(T *at, typename standin_same<T>::type expected, typename standin_same<T>::type x) {
    return standin_atomic(at,
                          [=](T old) __attribute__((no_sanitize("thread"))) -> T { return old == expected ? x : old; });
}
