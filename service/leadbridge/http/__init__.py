"""HTTP as this process serves it: one uvicorn server, bounded and set up the same way everywhere."""
