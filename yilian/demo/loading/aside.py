def put_on(stage, hops):
    pass
