//! Who bears which risk under each legal form, in words that follow from how the form pays.

use gigatwin_finance::funding::PublicForm;

use super::case::Form;

/// Risks, in the order of [`bearers`].
pub const RISKS: [&str; 6] = [
    "cost overrun while building",
    "late opening",
    "hours that find no buyer",
    "falling hour prices",
    "running cost and power price",
    "default of the company",
];

/// Who bears each of [`RISKS`].
pub fn bearers(form: Form) -> [&'static str; 6] {
    match form {
        Form::Paid(PublicForm::None) => ["private"; 6],
        // The amount is fixed before building; its share of the hours is idle like the rest; hours in kind have no price.
        Form::Paid(PublicForm::CapitalShare) => [
            "private",
            "shared: money is out, hours are not",
            "shared in proportion",
            "shared: hours instead of money",
            "private",
            "shared: owns its part",
        ],
        Form::Paid(PublicForm::HourShare) => [
            "private",
            "private: pays from opening",
            "shared in proportion",
            "public for its share: the payment is fixed",
            "private",
            "private: pays as hours come",
        ],
        Form::Paid(PublicForm::HourPurchase) => [
            "private",
            "private: pays from opening",
            "public for its hours: taken or not",
            "private: fewer euros buy more hours",
            "private",
            "private: pays as hours come",
        ],
        Form::Paid(PublicForm::SharePurchase) => ["shared as owners"; 6],
        Form::Paid(PublicForm::Loan) => [
            "private",
            "private: interest is added",
            "private until default",
            "private until default",
            "private until default",
            "public after the banks",
        ],
        Form::Guarantee => [
            "private",
            "private",
            "private until default",
            "private until default",
            "private until default",
            "public for the guaranteed part",
        ],
    }
}
