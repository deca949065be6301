package commit

// An Answer is the answer to a call, and a part of its Job. Apply sets it. After Run
// it is the one that stands: that of the try that was stored, or an error.
type Answer[T any] struct {
	Value T
	Err   error

	previous []Answer[T] // one for each swap that was not answered with nil
}

// saveAnswer keeps the answer, because the job may be applied again.
func (a *Answer[T]) saveAnswer() {
	a.previous = append(a.previous, Answer[T]{Value: a.Value, Err: a.Err})
}

// finish says which try's answer stands, or the error that stands in place of all.
func (a *Answer[T]) finish(try int, err error) {
	switch {
	case err != nil:
		*a = Answer[T]{Err: err}
	case try < len(a.previous):
		*a = a.previous[try]
	}
}
