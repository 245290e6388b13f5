#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

// A macro made of macros, which Swift does not see.
static const int LEDGER_EVP_PKEY_KEYPAIR = EVP_PKEY_KEYPAIR;
