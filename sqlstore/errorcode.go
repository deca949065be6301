package sqlstore

import "reflect"

// errorCode returns the number that an error, or one that it wraps, calls its
// Code: a method without arguments or a field, of any integer type. So it finds
// the codes of SQLite drivers (a method in modernc.org/sqlite and
// ncruces/go-sqlite3, a field in mattn/go-sqlite3) without importing them. The
// outermost code counts.
func errorCode(err error) (code int64, ok bool) {
	if err == nil {
		return 0, false
	}
	if code, ok := ownCode(reflect.ValueOf(err)); ok {
		return code, true
	}
	switch wrapper := err.(type) {
	case interface{ Unwrap() error }:
		return errorCode(wrapper.Unwrap())
	case interface{ Unwrap() []error }:
		for _, err := range wrapper.Unwrap() {
			if code, ok := errorCode(err); ok {
				return code, true
			}
		}
	}
	return 0, false
}

func ownCode(v reflect.Value) (code int64, ok bool) {
	if v.Kind() == reflect.Pointer && v.IsNil() {
		return 0, false
	}
	if m := v.MethodByName("Code"); m.IsValid() && m.Type().NumIn() == 0 && m.Type().NumOut() == 1 {
		return integer(m.Call(nil)[0])
	}
	v = reflect.Indirect(v)
	if v.Kind() != reflect.Struct {
		return 0, false
	}
	field, ok := v.Type().FieldByName("Code")
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
