"""References that the C++ modules are compared with, one module a file; write_fixtures runs them all."""
