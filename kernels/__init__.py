"""The hands: kernels printed as C and CUDA C, built and launched. The only room that knows compilers and GPUs."""
