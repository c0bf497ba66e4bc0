/** This software may not run; the message says why. */
final class NotLicensed extends Exception {
    private static final long serialVersionUID = 1L;

    NotLicensed(String message) {
        super(message);
    }
}
