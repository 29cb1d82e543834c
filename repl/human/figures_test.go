package human
