package policy

import "errors"

// Errors collects errors, because nobody wants to hear of them one by one. The zero value is empty.
type Errors []error

// Add adds an error; nil and lists are taken apart.
func (e *Errors) Add(err error) {
	if err == nil {
		return
	}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		for _, x := range many.Unwrap() {
			e.Add(x)
		}
		return
	}
	*e = append(*e, err)
}

// Err is all of them joined, or nil.
func (e Errors) Err() error { return errors.Join(e...) }
