// Package stocktest combines the answers of the stock models in the plainest way, for tests to compare with: the
// simulator and the analysis each do it in their own.
//
//	verdict := stocktest.Judge(stock.Listeners(id), &stocktest.Known{Settings: &settings})
//	verdict.Allowed // stock.Yes, stock.No, or stock.Unknown where more must be known
//
// What it is not: nothing outside of tests uses it.
package stocktest
