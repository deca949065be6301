package sqlstore

import "reflect"

// errorCode returns the number that an error, or one that it wraps, has under a
// name, and that error: nil if none has one. The name is of a method without arguments or of a field, of any integer type. So it
// finds the Code of SQLite drivers (a method in modernc.org/sqlite and
// ncruces/go-sqlite3, a field in mattn/go-sqlite3) and the Number of
// github.com/go-sql-driver/mysql without importing them. The outermost one
// counts.
func errorCode(err error, name string) (code int64, coded error) {
	if err == nil {
		return 0, nil
	}
	if code, ok := ownCode(reflect.ValueOf(err), name); ok {
		return code, err
	}
	switch wrapper := err.(type) {
	case interface{ Unwrap() error }:
		return errorCode(wrapper.Unwrap(), name)
	case interface{ Unwrap() []error }:
		for _, err := range wrapper.Unwrap() {
			if code, coded := errorCode(err, name); coded != nil {
				return code, coded
			}
		}
	}
	return 0, nil
}

func ownCode(v reflect.Value, name string) (code int64, ok bool) {
	if v.Kind() == reflect.Pointer && v.IsNil() {
		return 0, false
	}
	if m := v.MethodByName(name); m.IsValid() && m.Type().NumIn() == 0 && m.Type().NumOut() == 1 {
		return integer(m.Call(nil)[0])
	}
	v = reflect.Indirect(v)
	if v.Kind() != reflect.Struct {
		return 0, false
	}
	field, ok := v.Type().FieldByName(name)
	if !ok {
		return 0, false
	}
	value, err := v.FieldByIndexErr(field.Index)
	if err != nil {
		return 0, false
	}
	return integer(value)
}

func integer(v reflect.Value) (n int64, ok bool) {
	switch {
	case v.CanInt():
		return v.Int(), true
	case v.CanUint():
		return int64(v.Uint()), true
	default:
		return 0, false
	}
}
