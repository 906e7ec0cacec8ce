def calibrate(*a, **k): raise NotImplementedError
def parse_exit(*a, **k): raise NotImplementedError
