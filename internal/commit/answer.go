package commit

// An Answer is the answer to a call, embedded in its Job. Apply sets it. After Run
// it is the final one: that of the stored try, or an error.
type Answer[T any] struct {
	Value T
	Err   error

	previous []Answer[T] // one for each swap that failed
}

// saveAnswer keeps the answer of this try before the next Apply.
func (a *Answer[T]) saveAnswer() {
	a.previous = append(a.previous, Answer[T]{Value: a.Value, Err: a.Err})
}

// finish selects the answer of a try, or replaces all by err.
func (a *Answer[T]) finish(try int, err error) {
	switch {
	case err != nil:
		*a = Answer[T]{Err: err}
	case try < len(a.previous):
		*a = a.previous[try]
	}
}
