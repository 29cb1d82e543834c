package sim

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"

	"cellsh/policy/stock"
)

// savedSettings are an object with the settings by name. A switch is true or false; one that is off, and veriexec 0, may be
// left out.
type savedSettings stock.Settings

// MarshalJSON writes the settings in the order of their table.
func (s savedSettings) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, v := range s {
		which := stock.Setting(i)
		if v == 0 && which != stock.SettingSecurelevel && which != stock.SettingExposeAddress {
			continue
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = fmt.Appendf(b, "%q:", which)
		if which.Switch() {
			b = append(b, "true"...)
		} else {
			b = strconv.AppendInt(b, int64(v), 10)
		}
	}
	return append(b, '}'), nil
}

// UnmarshalJSON reads them; a key that is not known is an error.
func (s *savedSettings) UnmarshalJSON(text []byte) error {
	var values map[string]json.RawMessage
	if err := json.Unmarshal(text, &values); err != nil {
		return err
	}
	*s = savedSettings{}
	for i := range s {
		which := stock.Setting(i)
		v, ok := values[which.String()]
		delete(values, which.String())
		switch {
		case !ok:
		case which.Switch():
			on := false
			if err := json.Unmarshal(v, &on); err != nil {
				return err
			}
			s[i] = int(truth(on))
		default:
			if err := json.Unmarshal(v, &s[i]); err != nil {
				return err
			}
		}
	}
	for name := range values {
		return fmt.Errorf("json: unknown field %q", name)
	}
	return nil
}

// restoreSettings takes settings that the kernel can have: for two of them it takes any number, and so may the state have any.
func (k *Kernel) restoreSettings(s savedSettings) error {
	for i, v := range s {
		which := stock.Setting(i)
		lo, hi := which.Range()
		switch which {
		case stock.SettingSecurelevel:
			lo, hi = math.MinInt32, math.MaxInt32
		case stock.SettingVeriexec:
			hi = math.MaxInt32
		}
		if v < lo || v > hi {
			return stateError("%s must be %d to %d, but is %d", which.Words(), lo, hi, v)
		}
	}
	k.settings = stock.Settings(s)
	return nil
}
